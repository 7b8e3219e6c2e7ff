import { dottedKeys } from '../config/load-config.ts';
import type { Answer, Column, Context } from './context.ts';

const columns: Column[] = [
  { key: 'key', title: 'KEY' },
  { key: 'value', title: 'VALUE', show: (value) => JSON.stringify(value) },
  { key: 'origin', title: 'FROM' },
];

/** `ctmgr config`: each effective setting and where it came from. */
export async function run(_argv: object, { config, loaded }: Context): Promise<Answer> {
  const origin = (key: string): string => (loaded.fromFile.has(key) ? loaded.path : 'default');
  const records = dottedKeys(config).map((key) => ({ key, value: valueAt(config, key), origin: origin(key) }));
  return { kind: 'table', columns, records };
}

function valueAt(config: object, key: string): unknown {
  return key.split('.').reduce<unknown>((value, part) => (value as Record<string, unknown>)[part], config);
}
