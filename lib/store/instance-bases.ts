import type { Store } from './open.ts';
import type { FailureKind, InstanceStatus } from './schema.ts';

/** What a definition starts from; `baseInstanceId` for an image of ours, otherwise `digest`, null if it was not known. */
export interface InstanceBase {
  reference: string;
  digest: string | null;
  baseInstanceId: number | null;
}

/** An image of ours that another instance starts from. */
export interface OwnBase {
  /** The instance that starts from it. */
  instanceId: number;
  id: number;
  name: string;
  tag: string;
  status: InstanceStatus;
  failureKind: FailureKind | null;
  sha256: string | null;
  file: string | null;
}

/** Writes down what an instance starts from; call it inside the transaction that inserts the instance. */
export async function insertInstanceBases(db: Store, instanceId: number, bases: InstanceBase[]): Promise<void> {
  const rows = bases.map(({ reference, digest, baseInstanceId }, position) => ({
    container_instance_id: instanceId,
    position,
    reference,
    digest,
    base_instance_id: baseInstanceId,
  }));
  if (rows.length > 0) await db.insertInto('instance_base').values(rows).execute();
}

/** What an instance starts from, in the order of its definition. */
export async function basesOfInstance(db: Store, instanceId: number): Promise<InstanceBase[]> {
  return db
    .selectFrom('instance_base')
    .select(['reference', 'digest', 'base_instance_id as baseInstanceId'])
    .where('container_instance_id', '=', instanceId)
    .orderBy('position')
    .execute();
}

/** The images of ours that the pending instances of an array start from. */
export async function ownBasesOfArray(db: Store, arrayId: number): Promise<OwnBase[]> {
  return ownBases(db).where('child.build_array_id', '=', arrayId).where('child.status', '=', 'pending').execute();
}

/** The images of ours that an instance starts from. */
export async function ownBasesOfInstance(db: Store, instanceId: number): Promise<OwnBase[]> {
  return ownBases(db).where('child.id', '=', instanceId).execute();
}

function ownBases(db: Store) {
  return db
    .selectFrom('instance_base')
    .innerJoin('container_instance as child', 'child.id', 'instance_base.container_instance_id')
    .innerJoin('container_instance as base', 'base.id', 'instance_base.base_instance_id')
    .innerJoin('recipe_content', 'recipe_content.id', 'base.recipe_content_id')
    .innerJoin('recipe', 'recipe.id', 'recipe_content.recipe_id')
    .innerJoin('build_tag', 'build_tag.id', 'base.build_tag_id')
    .select([
      'child.id as instanceId',
      'base.id',
      'recipe.name',
      'build_tag.name as tag',
      'base.status',
      'base.failure_kind as failureKind',
      'base.sha256',
      'base.file',
    ])
    .orderBy('child.id')
    .orderBy('instance_base.position');
}
