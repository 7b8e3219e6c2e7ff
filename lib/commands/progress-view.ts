import type { PassReport } from '../builds/poll.ts';
import type { Instance } from '../store/instances.ts';
import { epochSeconds, formatDuration, formatTime } from '../util/clock.ts';
import type { Terminal } from './context.ts';

/** Order of the counts: what moves first, the ends last. */
const statuses = ['pending', 'queued', 'building', 'success', 'failure', 'cancelled', 'lost'] as const;

/**
 * Shows how builds go: on a terminal a block of lines that is painted anew, elsewhere one plain line for each change
 * since `before`, whichever process (a service, perhaps) has made it.
 */
export function makeProgressView(
  terminal: Terminal,
  before: Instance[],
): (report: Pick<PassReport, 'submissions' | 'problems'>, instances: Instance[]) => void {
  const severalTags = new Set(before.map(({ tag }) => tag)).size > 1;
  const known = new Map(before.map(({ id, status }) => [id, status]));
  return (report, instances) => {
    for (const message of [...report.submissions, ...report.problems]) terminal.say(`ctmgr: ${message}`);
    if (!terminal.interactive) {
      const clock = formatTime(epochSeconds()).slice(11);
      for (const { id, name, tag, status, failure_kind, message } of instances) {
        const from = known.get(id);
        if (from === status) continue;
        known.set(id, status);
        const detail = [failure_kind, message].filter((text) => text !== null).join(': ');
        const what = severalTags ? `${name}:${tag}` : name;
        terminal.say(`${clock} ${what}: ${from} -> ${status}${detail === '' ? '' : ` (${detail})`}`);
      }
    }
    terminal.repaint(paint(instances));
  };
}

function paint(instances: Instance[]): string[] {
  const width = Math.max(0, ...instances.map(({ name }) => name.length));
  // Those that move come first, so that a screen that is too short still shows them.
  const rank = (instance: Instance): number =>
    ['building', 'failure', 'lost', 'cancelled', 'queued', 'pending', 'success'].indexOf(instance.status);
  const lines = [...instances]
    .sort((a, b) => rank(a) - rank(b))
    .map((instance) => {
      const { name, status, node, started_at, ended_at, failure_kind, reason } = instance;
      const elapsed = started_at === null ? '' : formatDuration((ended_at ?? epochSeconds()) - started_at);
      return `  ${name.padEnd(width)}  ${status.padEnd(9)}  ${(node ?? '').padEnd(8)}  ${elapsed}  ${failure_kind ?? reason ?? ''}`.trimEnd();
    });
  return [countLine(instances), ...lines];
}

/** `8 images: 2 building, 6 success`. */
export function countLine(instances: { status: string }[]): string {
  const counts = statuses
    .map((status) => ({ status, count: instances.filter((instance) => instance.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `${count} ${status}`);
  return `${instances.length} ${instances.length === 1 ? 'image' : 'images'}: ${counts.join(', ')}`;
}
