import * as v from 'valibot';

const time = v.pipe(v.number(), v.integer());
const nullable = <Schema extends v.GenericSchema>(schema: Schema) => v.nullable(schema);

/** An attempt that was followed by another one. */
const attempt = v.object({
  number: v.number(),
  status: v.string(),
  failure_kind: nullable(v.string()),
  message: nullable(v.string()),
  node: nullable(v.string()),
  job: nullable(v.string()),
  started: nullable(time),
  ended: nullable(time),
});

const image = v.object({
  name: v.string(),
  tag: v.string(),
  sha256: nullable(v.string()),
  file: nullable(v.string()),
  status: v.picklist(['pending', 'queued', 'building', 'success', 'failure', 'cancelled', 'lost']),
  current: v.boolean(),
  version: v.number(),
  base: v.string(),
  overlays: v.array(v.string()),
  size: nullable(v.number()),
  failure_kind: nullable(v.string()),
  message: nullable(v.string()),
  reason: nullable(v.string()),
  node: nullable(v.string()),
  job: nullable(v.string()),
  class: v.optional(nullable(v.string()), null),
  attempt: v.optional(v.number(), 1),
  attempts: v.optional(v.array(attempt), []),
  started: nullable(time),
  ended: nullable(time),
  changed: time,
  // Since these came later, a file of before has none of them.
  group: v.optional(nullable(v.string()), null),
  pinned: v.optional(v.boolean(), false),
  removed: v.optional(nullable(time), null),
  meant: v.optional(v.array(v.object({ from: time, until: nullable(time) }))),
});

const recipe = v.object({
  name: v.string(),
  version: v.number(),
  base: v.string(),
  // Where the version was read from. A file of before this key has none.
  origin: v.optional(nullable(v.string()), null),
  created: time,
  created_by: v.string(),
  message: nullable(v.string()),
  group: v.optional(nullable(v.string()), null),
  retired: v.optional(nullable(time), null),
});

const tag = v.object({ name: v.string(), created: time, created_by: v.string(), note: nullable(v.string()) });

/** The catalogue as it stands on the share. Readers accept further keys, so that an older one reads a newer file. */
export const catalogueSchema = v.object({
  schema: v.literal(1),
  generated: time,
  images: v.array(image),
  recipes: v.array(recipe),
  tags: v.array(tag),
});

export type Catalogue = v.InferOutput<typeof catalogueSchema>;
/**
 * An instance in any state; `current` says that NAME means this one, `group` who alone may read it, `removed` when its file
 * was deleted, `meant` when NAME meant it (`until` null: it does now). Of each name the current one, those under way and the newest ten are listed.
 */
export type CatalogueImage = Catalogue['images'][number];

/**
 * The catalogue as text: JSON with exactly one image a line, `name`, `tag`, `sha256` and `file` first, so that the
 * wrapper can read it with line tools where there is no JSON parser; sorted by name, so that the SPANK plugin finds one by
 * looking at a few lines (spank/plugin/catalogue.c).
 */
export function formatCatalogue(catalogue: Catalogue): string {
  const lines = (rows: object[]): string =>
    rows.length === 0 ? '[]' : `[\n${rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n')}\n  ]`;
  // By the characters of names, which are ASCII; instances of one name stay in their order.
  const images = catalogue.images.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return [
    '{',
    `  "schema": ${catalogue.schema},`,
    `  "generated": ${catalogue.generated},`,
    `  "images": ${lines(images)},`,
    `  "recipes": ${lines(catalogue.recipes)},`,
    `  "tags": ${lines(catalogue.tags)}`,
    '}',
    '',
  ].join('\n');
}
