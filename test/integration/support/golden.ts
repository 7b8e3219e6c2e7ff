import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { loadConfig } from '../../../lib/config/load-config.ts';
import { renderRecipe } from '../../../lib/definitions/render-recipe.ts';
import type { Store } from '../../../lib/store/open.ts';
import { contentByVersion, listCurrentRecipes } from '../../../lib/store/recipes.ts';

/**
 * Folders named after the newest schema change of the ctmgr that made them. Each has `store.sql`, a database as that ctmgr left it, and
 * `NAME.VERSION.def`, the definition of each version in it. `RELEASED` stands in those that sites may have.
 */
export const goldenFolder = join(import.meta.dirname, '../../fixtures/golden');

export function goldenNames(): string[] {
  return readdirSync(goldenFolder).toSorted();
}

/** Writes a new database from a dump. */
export function loadDump(name: string, path: string): void {
  const database = new Sqlite(path);
  database.exec(readFileSync(join(goldenFolder, name, 'store.sql'), 'utf8'));
  database.close();
}

/** What is other each time or in each place, so that making a dump again changes nothing in it. */
const settled: Record<string, string> = {
  created_at: '1750000000',
  at: '1750000000',
  timestamp: "'2025-06-15T15:06:40.000Z'",
  dockerfile_location: "'/srv/recipes/Dockerfile'",
  context_location: 'null',
};

/** The whole database as SQL: tables, their rows, then indices and triggers. */
export function dumpStore(path: string): string {
  const database = new Sqlite(path, { readonly: true });
  const objects = database
    .prepare(
      "select type, name, sql from sqlite_master where sql is not null and name not like 'sqlite_%' order by rowid",
    )
    .all() as { type: string; name: string; sql: string }[];
  const tables = objects.filter(({ type }) => type === 'table');
  const rows = tables.flatMap(({ name }) => {
    const columns = (database.pragma(`table_info("${name}")`) as { name: string }[]).map((column) => column.name);
    const values = columns.map((column) => settled[column] ?? `quote("${column}")`);
    const literals = values.map((value) => (value.startsWith('quote(') ? value : `'${value.replaceAll("'", "''")}'`));
    const select = `select ${literals.join(` || ', ' || `)} as row from "${name}" order by 1`;
    return (database.prepare(select).all() as { row: string }[]).map(
      ({ row }) => `insert into "${name}" values (${row});`,
    );
  });
  const others = objects.filter(({ type }) => type !== 'table');
  database.close();
  return [...tables.map(({ sql }) => `${sql};`), ...rows, ...others.map(({ sql }) => `${sql};`), ''].join('\n');
}

/** The definition of every version in a database, by file name. */
export async function renderAll(store: Store): Promise<Map<string, string>> {
  const { config } = loadConfig(join(goldenFolder, 'no-config.toml'));
  const definitions = new Map<string, string>();
  for (const source of await listCurrentRecipes(store)) {
    for (let version = 1; version <= source.content.version; version += 1) {
      const content = await contentByVersion(store, source.recipe.id, version);
      if (!content) continue;
      const { definition } = await renderRecipe(store, { ...source, content }, config);
      definitions.set(`${source.recipe.name}.${version}.def`, definition);
    }
  }
  return definitions;
}
