import { listNames, readEntry, readTree } from './context-entries.ts';
import type { ContextEntry } from './context-manifest.ts';
import { linkTarget, mostLinks } from './follow-link.ts';
import type { ProblemCode } from './problem-codes.ts';
import { type Refusal, showWord } from './refusal.ts';
import type { SourcePattern } from './source-pattern.ts';

/** What a pattern names in the context: its top entries only. The context itself has the path ''. */
export async function findSources(
  root: string,
  { components }: SourcePattern,
  parents: boolean,
  links: ContextEntry[],
  fail: Fail,
): Promise<ContextEntry[]> {
  let paths = [''];
  const firstPattern = components.findIndex(({ matches }) => matches !== undefined);
  for (const [index, { text, matches, many }] of components.entries()) {
    const next: string[][] = [];
    for (let path of paths) {
      let entry = path === '' ? null : await readEntry(root, path);
      if (entry?.type === 'symlink') {
        if (parents || (firstPattern >= 0 && firstPattern < index)) throw linkRefusal(entry, fail);
        entry = await followLinks(root, path, links, fail);
        path = entry?.path ?? path;
      }
      if (index > 0 && entry?.type !== 'directory') continue;
      if (many) {
        const below = await readTree(root, path);
        next.push(
          [path],
          below.filter(({ type }) => type === 'directory').map((folder) => folder.path),
        );
        continue;
      }
      const names = matches ? (await listNames(root, path)).filter((name) => matches(name)) : [text];
      next.push(names.map((name) => (path === '' ? name : `${path}/${name}`)));
    }
    paths = [...new Set(next.flat())];
  }
  const found: ContextEntry[] = [];
  for (const path of paths) {
    const entry = path === '' ? ({ type: 'directory', path, mode: 0o755 } as const) : await readEntry(root, path);
    if (entry) found.push(entry);
  }
  return found;
}

/** Makes a refusal of the step that is being read. */
export type Fail = (code: ProblemCode, reason: string, wayOut: string) => Refusal;

/** A link that is not followed. */
export function linkRefusal({ path }: ContextEntry, fail: Fail): Refusal {
  return fail('symlink-source', `leads through the symbolic link ${showWord(path)}`, 'name the files themselves');
}

/** What a path means when all links in it are followed, which are added to `links`; null if it leads nowhere. */
export async function followLinks(
  root: string,
  path: string,
  links: ContextEntry[],
  fail: Fail,
): Promise<ContextEntry | null> {
  let real = '';
  let entry: ContextEntry | null = { type: 'directory', path: '', mode: 0o755 };
  const names = path.split('/').filter((name) => name !== '');
  for (const [index, name] of names.entries()) {
    real = real === '' ? name : `${real}/${name}`;
    entry = await readEntry(root, real);
    if (entry?.type !== 'symlink') continue;
    const target = linkTarget(real, entry.target);
    const through = `through the symbolic link ${showWord(real)}`;
    if (target === undefined)
      throw fail('source', `leaves the build context ${through}`, 'copy the files into the context');
    if (links.push(entry) > mostLinks)
      throw fail('source', `goes round in circles ${through}`, 'correct the build context');
    return followLinks(root, [target, ...names.slice(index + 1)].join('/'), links, fail);
  }
  return entry;
}
