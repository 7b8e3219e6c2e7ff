import type { Store } from './open.ts';
import type { FailureKind, InstanceStatus } from './schema.ts';

/** An instance as a rebuild compares with it. */
export interface NewestInstance {
  id: number;
  version: number;
  status: InstanceStatus;
  failureKind: FailureKind | null;
  tag: string;
  sha256: string | null;
  inputHash: string;
  /** `sha256:HEX` over what its recipe copies; null if it copies nothing. */
  context: string | null;
  platform: string | null;
  definition: string;
  apptainer: string | null;
  /** When its file was deleted. */
  removedAt: number | null;
}

/**
 * The newest instance of a recipe and the newest good one, which may be the same; undefined where there is none. Two look-ups in an
 * index for each version, however many instances there are.
 */
export async function newestInstances(
  db: Store,
  recipeId: number,
): Promise<{ newest: NewestInstance | undefined; good: NewestInstance | undefined }> {
  const newest = async (onlyGood: boolean): Promise<NewestInstance | undefined> => {
    const { id } =
      (await db
        .selectFrom('recipe_content')
        .select((eb) =>
          eb
            .selectFrom('container_instance')
            .select('container_instance.id')
            .whereRef('container_instance.recipe_content_id', '=', 'recipe_content.id')
            .$if(onlyGood, (query) => query.where('container_instance.status', '=', 'success'))
            .orderBy('container_instance.id', 'desc')
            .limit(1)
            .as('id'),
        )
        .where('recipe_content.recipe_id', '=', recipeId)
        .orderBy('id', 'desc')
        .executeTakeFirst()) ?? {};
    return typeof id === 'number' ? readInstance(db, id) : undefined;
  };
  return { newest: await newest(false), good: await newest(true) };
}

/** One instance by its id, which some other row refers to. */
export async function readInstance(db: Store, id: number): Promise<NewestInstance> {
  return db
    .selectFrom('container_instance')
    .innerJoin('recipe_content', 'recipe_content.id', 'container_instance.recipe_content_id')
    .innerJoin('build_tag', 'build_tag.id', 'container_instance.build_tag_id')
    .select([
      'container_instance.id',
      'recipe_content.version',
      'container_instance.status',
      'container_instance.failure_kind as failureKind',
      'build_tag.name as tag',
      'container_instance.sha256',
      'container_instance.input_hash as inputHash',
      'recipe_content.context_digest as context',
      'recipe_content.platform',
      'container_instance.definition',
      'container_instance.apptainer',
      'container_instance.removed_at as removedAt',
    ])
    .where('container_instance.id', '=', id)
    .executeTakeFirstOrThrow();
}
