import { posix } from 'node:path';
import type { ArchiveFormat } from './context-manifest.ts';
import type { ArchiveLayout, CopyLayout } from './copy-layout.ts';
import { ownNames } from './copy-functions.ts';
import { handOverFolder, type SourceLayout } from './copy-source-layout.ts';
import { quoteWord, quoteWords } from './definition-quote.ts';
import { isPattern } from './match-glob.ts';
import { shellPattern } from './prune-functions.ts';
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
      return needsPlace(step, layout) ? placeArchive(step, layout, prefix) : unpackLines(layout, prefix);
    case 'source':
      return layout.prepared ? [] : sourceLines(step, layout);
    case 'inline':
      return inlineLines(step, layout.folder, prefix);
    case 'download':
      return downloadLines(step, layout.place, prefix);
    case 'clone':
      return [
        filtered(
          put(layout.place, folderName(step), '', ...attributes(step)),
          (step.exclude ?? []).flatMap((each) => shellPattern(each) ?? []),
        ),
      ];
  }
}

/** True if an archive's files cannot be unpacked where they belong. */
function needsPlace(step: CopyStep, layout: ArchiveLayout): boolean {
  return step.chown !== undefined || step.chmod !== undefined || layout.unpack.length > 0;
}

/** The calls that copy a step's files from another stage, in the stage itself (`prepared`) or where they wait. */
export function sourceLines(step: CopyStep, { folder, files, prepared, skip }: SourceLayout): string[] {
  const [owner, mode] = attributes(step);
  const destination = prepared ? `${folder}${step.destination}` : step.destination;
  return files.flatMap(({ path, patterns, name, keep = '' }, index) => {
    const from = !prepared ? `${folder}/${index}` : path === '/' ? '/.ctmgr/root' : path;
    const clean = prepared ? 'ctmgr_root' : `( cd ${quoteWord(from)} && rm -rf ${ownNames.join(' ')} )`;
    const needed = keep !== '' && !isPattern(keep) && patterns.length === 0;
    const check = needed ? [`ls -d ${quoteWord(posix.join(from, keep))} >/dev/null`] : [];
    const to = keep === '' ? destination : `${destination.replace(/\/$/, '')}/`;
    const line =
      patterns.length > 0
        ? `ctmgr_each ${quoteWords([from, to, owner, mode, ...patterns])}`
        : put(from, to, name, owner, mode);
    return [...(path === '/' ? [clean] : []), ...check, filtered(line, skip, keep)];
  });
}

/** A call that leaves out what `skip` matches and, if it is not empty, what `keep` does not. */
function filtered(line: string, skip: readonly string[], keep = ''): string {
  if (skip.length === 0 && keep === '') return line;
  const variables = `ctmgr_skip=${quoteWord(skip.join('\n'))} ctmgr_only=${quoteWord(keep)} ctmgr_filter=ctmgr_prune`;
  return `( ${variables}; ${line} )`;
}

/** The lines of a stage that hand over links to what another one copies, see `SourceLayout.linked`. */
export function handOverLines(layout: SourceLayout): string[] {
  const folder = handOverFolder(layout);
  return [
    `mkdir -p ${folder}`,
    ...layout.files.map(({ path }, index) => `cp -a -l -H ${quoteWord(path)} ${folder}/${index}`),
  ];
}

/** The destination as a directory, whether it is there or not. */
function folderName({ destination }: CopyStep): string {
  return `${destination.replace(/\/$/, '')}/`;
}

function put(from: string, destination: string, name: string, owner: string, mode: string): string {
  return `ctmgr_put ${quoteWords([from, destination, name, owner, mode])}`;
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
    `ctmgr_untar /${layout.archive} ${folder}`,
    ...layout.unpack.flatMap(({ path, format }, index) => {
      const archive = quoteWord(`${folder}/${path}`);
      const unpack = (to: string) => `${prefix}tar -x -p ${tarFlags[format]}--numeric-owner -f ${archive} -C ${to}`;
      const remove = `${prefix}rm -f ${archive}`;
      if (owner === '' && mode === '') {
        const to = quoteWord(layout.destination);
        return [`${prefix}mkdir -p ${to}`, unpack(to), remove];
      }
      const own = `${whole}/${index}`;
      return [`${prefix}mkdir -p ${own}`, unpack(own), remove, put(own, folderName(step), '', owner, mode)];
    }),
  ];
  if (layout.single !== undefined)
    lines.push(put(`${folder}/${layout.single}`, layout.destination, layout.single, owner, mode));
  else if (layout.unpack.length < layout.members.length) lines.push(put(folder, step.destination, '', owner, mode));
  return lines;
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
    put(`${file}.d`, folderName(step), '', owner, mode),
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

/** Docker's rules for destinations: a directory, or a file name unless a directory is there. */
function unpackLines({ archive, destination, single }: ArchiveLayout, prefix: string): string[] {
  if (single === undefined) return [`ctmgr_untar /${archive} ${quoteWord(destination)}`];
  const folder = `/${archive.replace(/\.tar$/, '')}`;
  const parent = destination.replace(/\/[^/]*$/, '') || '/';
  return [
    `ctmgr_untar /${archive} ${folder}`,
    ...(parent === '/' ? [] : [`${prefix}mkdir -p ${quoteWord(parent)}`]),
    `${prefix}mv -f ${quoteWord(`${folder}/${single}`)} ${quoteWord(destination)}`,
  ];
}
