import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';

/** Apptainer's own in every image, what a container gets from outside, and what programs write the time into. */
const leftOut =
  /^\/(\.singularity\.d|\.exec|\.run|\.shell|\.test|singularity|environment)$|^\/(dev|proc|sys)\/|^\/etc\/(hosts|hostname|resolv\.conf|ld\.so\.cache)$|^\/var\/cache\/ldconfig\/./;

/**
 * Everything below a root folder, by absolute path: type, mode, owner, content (small texts as they
 * are), link target, extended attributes, and of several names for one file the first. No times: no two builds have the same.
 */
export function readTree(root: string): Record<string, string> {
  const attributes = readAttributes(root);
  const seen = new Map<number, string>();
  const tree: Record<string, string> = {};
  const visit = (path: string): void => {
    if (leftOut.test(path)) return;
    const found = lstatSync(join(root, path));
    const first = found.isDirectory() ? path : (seen.get(found.ino) ?? path);
    seen.set(found.ino, first);
    const link = first === path ? [] : [`same file as ${first}`];
    const own = attributes.get(path) ?? [];
    tree[path] = [
      ...describe(join(root, path), found, own),
      ...own.filter((each) => !each.startsWith(noted)),
      ...link,
    ].join(' ');
    if (found.isDirectory()) for (const name of readdirSync(join(root, path)).toSorted()) visit(join(path, name));
  };
  visit('/');
  return tree;
}

/** Where Apptainer, which unpacks base images as one user, leaves the owner (https://github.com/rootless-containers/proto). */
const noted = 'user.rootlesscontainers=';

function ownerOf({ uid, gid }: Stats, attributes: readonly string[]): string {
  const note = attributes.find((each) => each.startsWith(noted));
  if (note === undefined) return `${uid}:${gid}`;
  const bytes = [...Buffer.from(note.slice(noted.length + 2), 'hex')];
  const ids: (number | undefined)[] = [];
  // A message of two numbers: a tag, then seven bits in each byte; all bits set mean that the id is the real one.
  for (let at = 0; at < bytes.length; at += 1) {
    const field = (bytes[at] as number) >> 3;
    let value = 0;
    let shift = 1;
    do {
      at += 1;
      value += ((bytes[at] as number) & 0x7f) * shift;
      shift *= 128;
    } while ((bytes[at] as number) & 0x80);
    ids[field] = value === 0xffffffff ? undefined : value;
  }
  return `${ids[1] ?? uid}:${ids[2] ?? gid}`;
}

function describe(path: string, found: Stats, attributes: readonly string[]): string[] {
  const ids = ownerOf(found, attributes);
  const owner = `${(found.mode & 0o7777).toString(8).padStart(4, '0')} ${ids}`;
  if (found.isSymbolicLink()) return ['link', ids, '->', readlinkSync(path)];
  if (found.isDirectory()) return ['directory', owner];
  if (!found.isFile()) return [found.isFIFO() ? 'pipe' : 'device or socket', owner];
  const bytes = readFileSync(path);
  const isText = bytes.length <= 2000 && bytes.equals(Buffer.from(bytes.toString()));
  return ['file', owner, isText ? JSON.stringify(bytes.toString()) : createHash('sha256').update(bytes).digest('hex')];
}

/** What `getfattr` shows, by path. */
function readAttributes(root: string): Map<string, string[]> {
  const words = ['-R', '-P', '-h', '-d', '-m', '^(user|security\\.capability)', '-e', 'hex', '--absolute-names', root];
  const text = execFileSync('getfattr', words, {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const blocks = text.split('\n\n').filter((block) => block.startsWith('# file: '));
  return new Map(
    blocks.map((block) => {
      const [title = '', ...lines] = block.split('\n');
      return [title.slice('# file: '.length + root.length), lines.filter((line) => line !== '')];
    }),
  );
}
