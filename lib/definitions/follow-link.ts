import { posix } from 'node:path';

/** Where a symbolic link of the build context leads; an absolute one begins at the context, as in Docker. Undefined: out of it. */
export function linkTarget(path: string, target: string): string | undefined {
  const joined = target.startsWith('/') ? posix.normalize(target) : posix.join(posix.dirname(path), target);
  const names = joined.split('/').filter((name) => name !== '' && name !== '.');
  return names[0] === '..' ? undefined : names.join('/');
}

/** More links than this are a circle (as in Linux, path_resolution(7)). */
export const mostLinks = 40;
