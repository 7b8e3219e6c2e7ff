import type { Store } from './open.ts';
import type { ContentKind, Database } from './schema.ts';

type Bare<Table extends keyof Database> = Omit<Database[Table], 'recipe_content_id'>;

/** The rows of a recipe version in the thesis' five tables, and its labels. Positions count over tasks and files. */
export interface RecipeRows {
  tasks: Bare<'container_build_task'>[];
  files: Bare<'container_file'>[];
  environment: Bare<'container_environment'>[];
  labels: Bare<'container_label'>[];
  runscript: Bare<'container_runscript'>[];
  startscript: Bare<'container_startscript'>[];
}

export interface NewContent {
  recipeId: number;
  version: number;
  baseImageId: number;
  dockerfile: string;
  dockerfileHash: string;
  /** JSON. */
  buildArguments: string;
  contextDigest: string | null;
  /** JSON. */
  contextManifest: string;
  /** JSON. */
  imageConfig: string;
  message: string | null;
  /** Where it was read from, as the reader may name it: a path, or the address of a ready image. */
  origin: string;
  kind: ContentKind;
  target: string | null;
  platform: string | null;
  strict: boolean;
  pullConfig: boolean;
  bases: BaseConfigRow[];
  rows: RecipeRows;
}

/** What was known of a base image when the version was made. */
export type BaseConfigRow = Omit<Bare<'container_base_config'>, 'position'>;

/** SQLite takes 32,766 variables a statement (sqlite.org/limits.html); rows have at most nine columns. */
const rowsPerInsert = 2000;

/** Adds a version with all its rows; call it inside a transaction. Returns its id. */
export async function insertContent(db: Store, content: NewContent, by: string, now: number): Promise<number> {
  const { id } = await db
    .insertInto('recipe_content')
    .values({
      recipe_id: content.recipeId,
      version: content.version,
      base_image_id: content.baseImageId,
      dockerfile: content.dockerfile,
      dockerfile_hash: content.dockerfileHash,
      build_arguments: content.buildArguments,
      context_digest: content.contextDigest,
      context_manifest: content.contextManifest,
      image_config: content.imageConfig,
      created_at: now,
      created_by: by,
      message: content.message,
      origin: content.origin,
      kind: content.kind,
      target: content.target,
      platform: content.platform,
      strict: Number(content.strict),
      pull_config: Number(content.pullConfig),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const owned = <Row>(rows: Row[]): (Row & { recipe_content_id: number })[][] =>
    chunks(rows.map((row) => ({ ...row, recipe_content_id: id })));
  const { tasks, files, environment, labels, runscript, startscript } = content.rows;
  for (const rows of owned(tasks)) await db.insertInto('container_build_task').values(rows).execute();
  for (const rows of owned(files)) await db.insertInto('container_file').values(rows).execute();
  for (const rows of owned(environment)) await db.insertInto('container_environment').values(rows).execute();
  for (const rows of owned(labels)) await db.insertInto('container_label').values(rows).execute();
  for (const rows of owned(runscript)) await db.insertInto('container_runscript').values(rows).execute();
  for (const rows of owned(startscript)) await db.insertInto('container_startscript').values(rows).execute();
  const bases = content.bases.map((base, position) => ({ ...base, position }));
  for (const rows of owned(bases)) await db.insertInto('container_base_config').values(rows).execute();
  return id;
}

/** What was known of the base images of a version when it was made. */
export async function loadBaseConfigs(db: Store, contentId: number): Promise<BaseConfigRow[]> {
  return db
    .selectFrom('container_base_config')
    .select(['reference', 'origin', 'digest', 'config'])
    .where('recipe_content_id', '=', contentId)
    .orderBy('position')
    .execute();
}

/** The rows of a version, each table in order of position. */
export async function loadRows(db: Store, contentId: number): Promise<RecipeRows> {
  const id = 'recipe_content_id';
  return {
    tasks: await db
      .selectFrom('container_build_task')
      .selectAll()
      .where(id, '=', contentId)
      .orderBy('position')
      .execute(),
    files: await db.selectFrom('container_file').selectAll().where(id, '=', contentId).orderBy('position').execute(),
    environment: await db
      .selectFrom('container_environment')
      .selectAll()
      .where(id, '=', contentId)
      .orderBy('position')
      .execute(),
    labels: await db.selectFrom('container_label').selectAll().where(id, '=', contentId).orderBy('position').execute(),
    runscript: await db
      .selectFrom('container_runscript')
      .selectAll()
      .where(id, '=', contentId)
      .orderBy('position')
      .execute(),
    startscript: await db
      .selectFrom('container_startscript')
      .selectAll()
      .where(id, '=', contentId)
      .orderBy('position')
      .execute(),
  };
}

function chunks<Row>(rows: Row[]): Row[][] {
  const result: Row[][] = [];
  for (let i = 0; i < rows.length; i += rowsPerInsert) result.push(rows.slice(i, i + rowsPerInsert));
  return result;
}
