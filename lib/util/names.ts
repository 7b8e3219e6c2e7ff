import { CtmgrError } from './errors.ts';
import { escapeControls } from './escape-controls.ts';

const namePattern = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/;
const tagPattern = /^\d{4}-\d{2}-\d{2}\.[1-9]\d{0,5}$/;
const verificationPattern = /^verify-\d{4}-\d{2}-\d{2}\.[1-9]\d{0,5}$/;
const digestPattern = /^sha256:[0-9a-f]{64}$/;

/** An image as users write it: `NAME`, `NAME:TAG` or `NAME@sha256:HEX`. */
export interface ImageReference {
  name: string;
  tag?: string;
  /** 64 hexadecimal digits, without the `sha256:` in front. */
  sha256?: string;
}

/** True if `text` can be an image, recipe or overlay name: safe as file name, job name and shell word. */
export function isName(text: string): boolean {
  return namePattern.test(text);
}

/** Returns `text` if it is a valid name; `what` says in the error whose name it was meant to be. */
export function checkName(text: string, what: string): string {
  if (isName(text)) return text;
  throw new CtmgrError('usage', `${quote(text)} is not a valid ${what} name`, {
    why: 'A name has 1 to 64 characters a-z 0-9 . _ - and starts and ends with a letter or digit.',
  });
}

/** Returns `text` if it has the form of a build tag, `YYYY-MM-DD.N`. */
export function checkTag(text: string): string {
  if (tagPattern.test(text)) return text;
  throw new CtmgrError('usage', `${quote(text)} is not a build tag`, {
    why: 'A build tag looks like 2026-11-22.1.',
    hint: 'ctmgr status',
  });
}

/** True if `text` has the form of a build tag. */
export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

/** True if `text` has the form of a verification's name, `verify-YYYY-MM-DD.N`. */
export function isVerificationName(text: string): boolean {
  return verificationPattern.test(text);
}

/** Takes apart `NAME`, `NAME:TAG` or `NAME@sha256:HEX`; anything else is a usage error. */
export function parseReference(text: string): ImageReference {
  const at = text.indexOf('@');
  if (at >= 0) {
    const digest = text.slice(at + 1);
    if (!digestPattern.test(digest)) {
      throw new CtmgrError('usage', `${quote(text)} has no valid digest`, {
        why: 'A digest is sha256: and 64 hexadecimal digits.',
      });
    }
    return { name: checkName(text.slice(0, at), 'image'), sha256: digest.slice('sha256:'.length) };
  }
  const colon = text.indexOf(':');
  if (colon >= 0) return { name: checkName(text.slice(0, colon), 'image'), tag: checkTag(text.slice(colon + 1)) };
  return { name: checkName(text, 'image') };
}

/** `text` as it may be shown in a message: quoted, control characters escaped, cut after 80 characters. */
export function quote(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return escapeControls(JSON.stringify(short));
}
