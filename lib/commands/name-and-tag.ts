import { CtmgrError } from '../util/errors.ts';
import { checkTag, parseReference, quote } from '../util/names.ts';

/** What `NAME`, `NAME TAG` and `NAME:TAG` mean where a build is chosen. Throws `usage` for anything else. */
export function nameAndTag(text: string, tag: string | undefined): { name: string; tag: string | undefined } {
  const reference = parseReference(text);
  if (reference.sha256 !== undefined || (reference.tag !== undefined && tag !== undefined)) {
    const why = tag === undefined ? 'a build is named by its tag here' : 'the tag is to be given once';
    const hint = `ctmgr history ${reference.name}; then: ${reference.name} TAG`;
    throw new CtmgrError('usage', `${quote(text)} does not say which build is meant`, { why, hint });
  }
  return { name: reference.name, tag: reference.tag ?? (tag === undefined ? undefined : checkTag(tag)) };
}
