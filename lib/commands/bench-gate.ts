import { marginText } from '../benchmarks/verdict-sentence.ts';
import type { Config } from '../config/schema.ts';
import { closedGates, type ImageGate, listImageGates } from '../store/image-gates.ts';
import { formatTime } from '../util/clock.ts';
import { CtmgrError } from '../util/errors.ts';
import { quote } from '../util/names.ts';
import type { Answer, Column, Context } from './context.ts';

const columns: Column[] = [
  { key: 'gate', title: 'GATE' },
  { key: 'benchmark', title: 'BENCHMARK' },
  {
    key: 'margin',
    title: 'MARGIN',
    align: 'right',
    show: (value) => (value === null ? '' : marginText(value as number)),
  },
  { key: 'pairs', title: 'PAIRS', align: 'right' },
  { key: 'images', title: 'IMAGES', shown: false, show: (value) => (value as string[]).join(' ') },
  { key: 'image', title: 'IMAGE' },
  { key: 'state', title: 'STATE' },
  { key: 'run', title: 'RUN' },
  { key: 'since', title: 'SINCE', show: (value) => (value === null ? '' : formatTime(value as number)) },
  { key: 'message', title: 'MESSAGE' },
];

/**
 * `ctmgr bench gate [NAME]`: the gates of the configuration with the images that they keep back; of one gate all images that
 * it has had in front of it, the newest first. `since` is when the state last changed.
 */
export async function run(argv: { name?: string }, context: Context): Promise<Answer> {
  const store = await context.store();
  const { gates } = context.config;
  const rows = argv.name === undefined ? await closedGates(store) : await listImageGates(store, argv.name);
  const names = [...new Set([...Object.keys(gates), ...rows.map(({ gate }) => gate)])].sort();
  const shown = argv.name === undefined ? names : names.filter((name) => name === argv.name);
  if (argv.name !== undefined && shown.length === 0) {
    throw new CtmgrError('inputMissing', `there is no gate ${quote(argv.name)}`, {
      hint: 'ctmgr bench gate; a gate is a table [gates.NAME] of config.toml',
    });
  }
  const records = shown.flatMap((name) => {
    const about = describeGate(name, gates[name]);
    const own = rows.filter(({ gate }) => gate === name);
    return own.length === 0 ? [{ ...about, ...nothing }] : own.map((row) => ({ ...about, ...describeImage(row) }));
  });
  const held = new Set(rows.filter(({ state }) => state === 'held').map(({ tag }) => tag));
  for (const tag of held) context.terminal.say(`In spite of its gate: ctmgr publish ${tag} --message WHY`);
  return { kind: 'table', columns, records, empty: 'There are no gates: no table [gates.NAME] in config.toml.' };
}

const nothing = { image: null, state: 'open', run: null, since: null, message: null };

function describeGate(gate: string, settings: Config['gates'][string] | undefined): Record<string, unknown> {
  return {
    gate,
    benchmark: settings?.benchmark ?? null,
    margin: settings?.margin ?? null,
    pairs: settings?.pairs ?? null,
    images: settings?.images ?? [],
  };
}

function describeImage({ name, tag, state, changed_at, message, ...gate }: ImageGate): Record<string, unknown> {
  const stuck = message !== null && (state === 'waiting' || state === 'running');
  return { image: `${name}:${tag}`, state: stuck ? 'cannot tell' : state, run: gate.run, since: changed_at, message };
}
