import { estimateEnd } from '../builds/estimate-end.ts';
import { epochSeconds, formatDuration, formatTime } from '../util/clock.ts';
import { countNoun } from '../util/count-noun.ts';
import type { Terminal } from './context.ts';
import { hintFor, hintLines, type ProgressRow } from './progress-row.ts';

/** Order of the counts: what moves first, the ends last. */
const statuses = ['pending', 'queued', 'building', 'success', 'failure', 'cancelled', 'lost'] as const;

const over = new Set(['success', 'failure', 'cancelled', 'lost']);

const barWidth = 30;

/**
 * Shows how builds go: on a terminal a block of lines that is painted anew, with a bar, the nodes and an estimate of the
 * end (`expected`: how many seconds each name took the last time); elsewhere one plain line for each change since `before`,
 * whichever process (a service, perhaps) has made it.
 */
export function makeProgressView(
  terminal: Terminal,
  before: ProgressRow[],
  expected: ReadonlyMap<string, number>,
): (messages: string[], rows: ProgressRow[]) => void {
  const severalTags = new Set(before.map(({ tag }) => tag)).size > 1;
  const key = ({ name, tag }: ProgressRow): string => `${name}:${tag}`;
  const known = new Map(before.map((row) => [key(row), row.status]));
  const told = new Set<string>();
  return (messages, rows) => {
    for (const message of messages) terminal.say(`ctmgr: ${message}`);
    if (terminal.interactive) {
      terminal.repaint(paint(rows, expected));
      return;
    }
    const clock = formatTime(epochSeconds()).slice(11);
    for (const row of rows) {
      const from = known.get(key(row));
      if (from === row.status) continue;
      known.set(key(row), row.status);
      const detail = [row.failure_kind, row.message].filter((text) => text !== null).join(': ');
      const what = severalTags ? key(row) : row.name;
      terminal.say(`${clock} ${what}: ${from} -> ${row.status}${detail === '' ? '' : ` (${detail})`}`);
    }
    const fresh = hintLines(rows).filter((line) => !told.has(line));
    for (const line of fresh) {
      told.add(line);
      terminal.say(`ctmgr: ${line}`);
    }
  };
}

/** The block of a terminal: bar and estimate, who works where, what needs somebody, and each image that is not good yet. */
export function paint(rows: readonly ProgressRow[], expected: ReadonlyMap<string, number>): string[] {
  const now = epochSeconds();
  const width = Math.max(0, ...rows.map(({ name }) => name.length));
  const ended = rows.filter(({ status }) => over.has(status)).length;
  const end =
    ended === rows.length
      ? undefined
      : estimateEnd(
          rows.filter((row) => hintFor(row) === undefined),
          expected,
          now,
        );
  const left = end === undefined ? '' : `  about ${formatDuration(end - now)} left`;
  // Those that move come first, so that a screen that is too short still shows them.
  const order = ['failure', 'lost', 'cancelled', 'queued', 'pending'];
  const others = rows.filter(({ status }) => order.includes(status));
  others.sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
  return [
    `${bar(ended, rows.length)}  ${countLine(rows)}${left}`,
    ...nodeLines(rows, now),
    ...hintLines(rows),
    ...others.map(({ name, status, failure_kind, message, reason }) =>
      `  ${name.padEnd(width)}  ${status.padEnd(9)}  ${failure_kind ?? reason ?? message ?? ''}`.trimEnd(),
    ),
  ];
}

function bar(done: number, all: number): string {
  const full = all === 0 ? barWidth : Math.floor((done / all) * barWidth);
  return `[${'#'.repeat(full)}${'-'.repeat(barWidth - full)}] ${done}/${all}`;
}

/** `b1: app 00:01:12, tool 00:00:03` for each node that builds. */
function nodeLines(rows: readonly ProgressRow[], now: number): string[] {
  const running = rows.filter(({ status }) => status === 'building');
  const byNode = [...Map.groupBy(running, ({ node }) => node ?? 'starting')].sort(([a], [b]) => (a < b ? -1 : 1));
  return byNode.map(([node, builds]) => {
    const times = builds.map(({ name, started }) => `${name} ${formatDuration(started === null ? 0 : now - started)}`);
    return `  ${node}: ${times.join(', ')}`;
  });
}

/** `8 images: 2 building, 6 success`. */
export function countLine(rows: readonly { status: string }[]): string {
  const counts = statuses
    .map((status) => ({ status, count: rows.filter((row) => row.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `${count} ${status}`);
  return `${countNoun(rows.length, 'image')}: ${counts.join(', ')}`;
}
