import { type BuildTag, findBuildTag } from '../store/build-tags.ts';
import type { Store } from '../store/open.ts';
import { CtmgrError } from '../util/errors.ts';
import { checkTag } from '../util/names.ts';

/** The build tag of that name; a usage error (64) for what is no tag, 66 for one that was never made. */
export async function requireTag(store: Store, text: string): Promise<BuildTag> {
  const tag = await findBuildTag(store, checkTag(text));
  if (tag !== undefined) return tag;
  throw new CtmgrError('inputMissing', `there is no build tag ${text}`, { hint: 'ctmgr status' });
}
