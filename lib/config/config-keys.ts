import type * as v from 'valibot';

import { configSchema } from './schema.ts';

/** Every key that config.toml may hold, in dotted form, also those that have no default; tables with free names are left out. */
export function configKeys(): string[] {
  return keysOf(configSchema, '');
}

function keysOf(schema: v.GenericSchema, prefix: string): string[] {
  const inner = isOptional(schema) ? schema.wrapped : schema;
  if (inner.type === 'record') return [];
  if (inner.type !== 'strict_object') return [prefix];
  const { entries } = inner as unknown as { entries: Record<string, v.GenericSchema> };
  return Object.entries(entries).flatMap(([key, entry]) => keysOf(entry, prefix === '' ? key : `${prefix}.${key}`));
}

function isOptional(schema: v.GenericSchema): schema is v.GenericSchema & { wrapped: v.GenericSchema } {
  return schema.type === 'optional';
}
