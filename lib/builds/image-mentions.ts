import { type ImageReference, isName, isTag, parseReference } from '../util/names.ts';

/** How somebody named an image, and what that says of it; without tag and digest it is what the name meant then. */
export interface Mention extends ImageReference {
  /** The words themselves: a reference, or a path. */
  text: string;
}

/**
 * The images that a job names: by the value of its --container, or by paths of our image files in its command line, as the
 * wrapper leaves them there. `shares` are all names of the share. Anything else is no image of ours. Pure.
 */
export function mentionsOf(
  { container, commandLine }: { container: string | undefined; commandLine: string },
  shares: readonly string[],
): Mention[] {
  const named = container === undefined ? undefined : mentionOf(container, shares);
  return named === undefined ? pathsIn(commandLine, shares) : [named];
}

/** What `NAME`, `NAME:TAG`, `NAME@sha256:HEX` or the path of one of our files says; undefined for anything else. */
export function mentionOf(text: string, shares: readonly string[]): Mention | undefined {
  if (text.startsWith('/')) {
    const [mention] = pathsIn(text, shares);
    return mention?.text === text ? mention : undefined;
  }
  const [name = '', tag] = text.split(/[:@]/, 2);
  const valid = isName(name) && (tag === undefined || isTag(tag) || /@sha256:[0-9a-f]{64}$/.test(text));
  return valid ? { ...parseReference(text), text } : undefined;
}

/** `SHARE/builds/TAG/NAME.sif` and `SHARE/current/NAME.sif`, also below `private/GROUP`. */
function pathsIn(line: string, shares: readonly string[]): Mention[] {
  const found = new Map<string, Mention>();
  for (const share of new Set(shares)) {
    for (let at = line.indexOf(`${share}/`); at >= 0; at = line.indexOf(`${share}/`, at + 1)) {
      const rest = line.slice(at + share.length);
      const match = /^(?:\/private\/[^/\s]+)?\/(?:builds\/([0-9.-]+)|current)\/([a-z0-9._-]+)\.sif(?![\w.-])/.exec(
        rest,
      );
      const [path = '', tag, name = ''] = match ?? [];
      if (!isName(name) || (tag !== undefined && !isTag(tag))) continue;
      const text = `${share}${path}`;
      found.set(text, { name, ...(tag === undefined ? {} : { tag }), text });
    }
  }
  return [...found.values()];
}
