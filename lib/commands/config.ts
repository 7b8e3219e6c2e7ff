import { configKeys } from '../config/config-keys.ts';
import { dottedKeys } from '../config/load-config.ts';
import type { Answer, Column, Context } from './context.ts';

const columns: Column[] = [
  { key: 'key', title: 'KEY' },
  { key: 'value', title: 'VALUE', show: (value) => (value === null ? '' : JSON.stringify(value)) },
  { key: 'origin', title: 'FROM' },
];

/** `ctmgr config`: each effective setting and where it came from; also the keys that have no value. */
export async function run(_argv: object, { config, loaded }: Context): Promise<Answer> {
  const keys = new Set([...configKeys(), ...dottedKeys(config)]);
  const records = [...keys].map((key) => {
    const value = valueAt(config, key);
    const origin = loaded.fromFile.has(key) ? loaded.path : value === undefined ? 'not set' : 'default';
    return { key, value: value ?? null, origin };
  });
  return { kind: 'table', columns, records };
}

function valueAt(config: object, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], config);
}
