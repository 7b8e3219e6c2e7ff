import { existsSync } from 'node:fs';

import type { Catalogue } from '../builds/catalogue-format.ts';
import { readCatalogue } from '../builds/read-catalogue.ts';
import { reaches } from '../config/rights.ts';
import type { Context } from './context.ts';

/**
 * What there is: for users, and on hosts without the database, the published catalogue alone; for those who may open
 * the database what it says, which an import changes before the poller has published it, and of a name or a tag all
 * builds there ever were.
 */
export async function loadCatalogue(context: Context, only?: { name: string } | { tag: string }): Promise<Catalogue> {
  if (!asksStore(context)) return readCatalogue(context.paths);
  const { collectCatalogue } = await import('../builds/write-catalogue.ts');
  return collectCatalogue(await context.store(), only);
}

/** True if this caller is told what the database says, not only what the catalogue does. */
export function asksStore({ caller, paths }: Context): boolean {
  return reaches(caller.level, 'admin') && existsSync(paths.database);
}
