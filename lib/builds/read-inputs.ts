import { ownImageName } from '../definitions/image-reference.ts';
import { basesOfInstance, ownBasesOfInstance } from '../store/instance-bases.ts';
import type { NewestInstance } from '../store/newest-instances.ts';
import type { Store } from '../store/open.ts';
import { overlaysOfInstance } from '../store/overlays.ts';
import type { ImageInputs } from './input-hash.ts';
import type { PlannedBase } from './plan-bases.ts';

/** What an instance was built from, or is going to be. */
export async function readInputs(db: Store, instance: NewestInstance): Promise<ImageInputs> {
  const own = new Map((await ownBasesOfInstance(db, instance.id)).map((base) => [base.id, base]));
  const bases = (await basesOfInstance(db, instance.id)).map(({ reference, digest, baseInstanceId }): PlannedBase => {
    const name = ownImageName(reference);
    if (name === undefined) return { kind: 'registry', reference, digest };
    const { id, tag, sha256 } = own.get(baseInstanceId ?? 0) ?? { id: 0, tag: '', sha256: null };
    return { kind: 'image', reference, name, built: { id, tag, sha256: sha256 ?? '' } };
  });
  const { version, context, platform, definition, apptainer } = instance;
  const overlays = await overlaysOfInstance(db, instance.id);
  return { version, context, platform, definition, apptainer, bases, overlays };
}
