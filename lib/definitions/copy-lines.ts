import type { ArchiveFormat } from './context-manifest.ts';
import type { ArchiveLayout, CopyLayout } from './copy-layout.ts';
import type { SourceLayout } from './copy-source-layout.ts';
import { quoteWord, quoteWords } from './definition-quote.ts';
import type { CopyStep } from './recipe-plan.ts';

/**
 * The lines of `%post` that put a step's files at their place; none for what `%files` puts there. `prefix` makes our own commands
 * found, see `post-lines.ts`.
 */
export function copyLines(step: CopyStep, layout: CopyLayout, prefix: string): string[] {
  switch (layout.kind) {
    case 'files':
      return [];
    case 'archive':
      return needsFunctions(step, layout) ? placeArchive(step, layout, prefix) : unpackLines(layout, prefix);
    case 'source':
      return layout.prepared ? [] : [...sourceLines(step, layout), `${prefix}rm -rf ${quoteWord(layout.folder)}`];
    case 'inline':
      return inlineLines(step, layout.folder, prefix);
    case 'download':
      return downloadLines(step, layout.file, prefix);
  }
}

/** True if the lines call the functions of `copy-functions.ts`. */
export function needsFunctions(step: CopyStep, layout: CopyLayout): boolean {
  if (layout.kind === 'files' || (layout.kind === 'source' && layout.prepared)) return false;
  return layout.kind !== 'archive' || step.chown !== undefined || step.chmod !== undefined || layout.unpack.length > 0;
}

/** The calls that copy a step's files from another stage, in the stage itself (`prepared`) or where they wait. */
export function sourceLines(step: CopyStep, { folder, files, prepared }: SourceLayout): string[] {
  const [owner, mode] = attributes(step);
  const destination = prepared ? `${folder}${step.destination}` : step.destination;
  return files.flatMap(({ path, patterns, name }, index) => {
    const from = prepared ? path : `${folder}/${index}`;
    const clean = path === '/' && !prepared ? [cleanRoot(from)] : [];
    if (patterns.length > 0)
      return [...clean, `ctmgr_each ${quoteWords([from, destination, owner, mode, ...patterns])}`];
    return [...clean, put(from, destination, name, owner, mode)];
  });
}

function put(from: string, destination: string, name: string, owner: string, mode: string): string {
  return `ctmgr_put ${quoteWords([from, destination, name, owner, mode])}`;
}

/** What Apptainer adds to every image and each has for itself. */
function cleanRoot(folder: string): string {
  const names = '.singularity.d .exec .run .shell .test .post.script environment singularity .ctmgr dev proc sys';
  return `( cd ${quoteWord(folder)} && rm -rf ${names} )`;
}

/** Owner and mode for `chown` and `chmod`; both may be empty. A number alone is user and group, a name has the user's own group. */
function attributes({ chown = '', chmod = '' }: CopyStep): [owner: string, mode: string] {
  const [user = '', group = ''] = chown.split(':');
  const owner =
    chown === '' ? '' : group !== '' ? `${user}:${group}` : /^\d+$/.test(user) ? `${user}:${user}` : `${user}:`;
  return [owner, chmod];
}

/** Owner, mode and archives inside need a place of their own first. */
function placeArchive(step: CopyStep, layout: ArchiveLayout, prefix: string): string[] {
  const [owner, mode] = attributes(step);
  const folder = `/${layout.archive.replace(/\.tar$/, '')}`;
  const whole = `${folder}.d`;
  const lines = [
    `${prefix}mkdir -p ${folder} ${whole}`,
    `${prefix}tar -x -o -p -f /${layout.archive} -C ${folder}`,
    ...layout.unpack.flatMap(({ path, format }, index) => [
      `${prefix}mkdir ${whole}/${index}`,
      `${prefix}tar -x -p ${tarFlags[format]}--numeric-owner -f ${quoteWord(`${folder}/${path}`)} -C ${whole}/${index}`,
      `${prefix}rm -f ${quoteWord(`${folder}/${path}`)}`,
      put(`${whole}/${index}`, `${step.destination.replace(/\/$/, '')}/`, '', owner, mode),
    ]),
  ];
  if (layout.single !== undefined)
    lines.push(put(`${folder}/${layout.single}`, layout.destination, layout.single, owner, mode));
  else if (layout.unpack.length < layout.members.length) lines.push(put(folder, step.destination, '', owner, mode));
  return [...lines, `${prefix}rm -rf ${folder} ${whole}`];
}

function inlineLines(step: CopyStep, folder: string, prefix: string): string[] {
  const [owner, mode] = attributes(step);
  return [
    `${prefix}mkdir -p ${folder}`,
    ...(step.inline ?? []).flatMap(({ name, text }, index) => [
      `printf %s ${quoteWord(text)} >${folder}/${index}`,
      `${prefix}chmod 644 ${folder}/${index}`,
      put(`${folder}/${index}`, step.destination, name, owner, mode),
    ]),
  ];
}

/** BuildKit gives a fetched file mode 0600; `%setup` has checked its sum. */
function downloadLines(step: CopyStep, file: string, prefix: string): string[] {
  const [owner, mode] = attributes(step);
  const name = downloadName(step.sources[0] as string);
  if (step.unpack !== true) {
    const bits = mode === '' ? [`${prefix}chmod 600 ${file}`] : [];
    return [`${prefix}chown 0:0 ${file}`, ...bits, put(file, step.destination, name, owner, mode)];
  }
  return [
    `${prefix}mkdir -p ${file}.d`,
    `${prefix}tar -x -p ${tarFlags[formatOf(name)]}--numeric-owner -f ${file} -C ${file}.d`,
    put(`${file}.d`, `${step.destination.replace(/\/$/, '')}/`, '', owner, mode),
  ];
}

/** busybox has to be told, and needs no other program then. */
const tarFlags: Record<ArchiveFormat, string> = { tar: '', gzip: '-z ', bzip2: '-j ', xz: '-J ', zstd: '--zstd ' };

/** What the name of a fetched archive says about its format. */
function formatOf(name: string): ArchiveFormat {
  if (/\.(tgz|gz)$/.test(name)) return 'gzip';
  if (/\.(tbz2?|bz2)$/.test(name)) return 'bzip2';
  if (/\.(txz|xz)$/.test(name)) return 'xz';
  return /\.(tzst|zst)$/.test(name) ? 'zstd' : 'tar';
}

/** The last component of a URL's path; empty if it ends with `/`. */
export function downloadName(url: string): string {
  const path = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  const name = path.slice(path.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/**
 * Docker's rules for destinations: a directory, or a file name unless a directory is there. An existing link to a directory is
 * kept, which only GNU tar has to be told; an existing file or link to one is replaced.
 */
function unpackLines({ archive, destination, single }: ArchiveLayout, prefix: string): string[] {
  const keepLinks = '$(tar --keep-directory-symlink --version >/dev/null 2>&1 && echo --keep-directory-symlink)';
  const unpack = (folder: string) =>
    `( ${prefix === '' ? '' : `${prefix.trim()}; `}exec tar -x -o -p -f /${archive} -C ${quoteWord(folder)} ${keepLinks} )`;
  if (single === undefined) return [`${prefix}mkdir -p ${quoteWord(destination)}`, unpack(destination)];
  const folder = `/${archive.replace(/\.tar$/, '')}`;
  const parent = destination.replace(/\/[^/]*$/, '') || '/';
  return [
    `${prefix}mkdir -p ${folder} ${quoteWord(parent)}`,
    unpack(folder),
    `${prefix}mv -f ${quoteWord(`${folder}/${single}`)} ${quoteWord(destination)}`,
  ];
}
