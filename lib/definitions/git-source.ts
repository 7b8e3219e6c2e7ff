/** A git repository that ADD copies. */
export interface GitSource {
  /** What `git fetch` takes. */
  remote: string;
  /** A branch, tag, full reference or commit; empty: the default branch. */
  ref: string;
  /** Without `/` at either end; empty: all of it. */
  folder: string;
  submodules: boolean;
  /** Absent: the Dockerfile's own `--keep-git-dir` decides; the same for the other one. */
  keepGitDir?: boolean;
  /** The beginning of a commit's hash. */
  checksum?: string;
}

/** A git source that BuildKit does not accept. */
export class GitSourceError extends Error {}

/** A commit by its whole hash, SHA-1 or SHA-256. */
export const commitHash = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * True for what ADD takes for a git repository (moby/buildkit, frontend/dockerfile/dfgitutil/git_ref.go): a URL of git or ssh, an
 * address as ssh writes it, or a URL of http whose path ends with `.git`.
 */
export function isGitSource(source: string): boolean {
  return /^(git|ssh):\/\/|^[\w.-]+@[\w.-]+:/i.test(source) || /^https?:\/\/[^#?]+\.git([#?]|$)/i.test(source);
}

/** True if only somebody with a key can fetch it. */
export function needsKey(source: string): boolean {
  return !/^(git|https?):\/\//i.test(source);
}

/** Takes `URL?name=value&…#ref:folder` apart, as BuildKit does. Throws GitSourceError. */
export function readGitSource(source: string): GitSource {
  const [, remote = '', query = '', fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(source) ?? [];
  const [name = '', ...folders] = decode(fragment).split(':');
  const found: GitSource = { remote, ref: name, folder: cleanFolder(folders.join(':')), submodules: true };
  const values = new Map<string, string>();
  for (const [key, value] of new URLSearchParams(query)) {
    if (values.has(key)) throw new GitSourceError(`${key} is there twice`);
    values.set(key, value);
    readOption(found, key, value);
  }
  if (values.has('tag') && values.has('branch')) throw new GitSourceError('a tag and a branch are named');
  if (/^-|[\s\p{Cc}]/u.test(found.ref)) throw new GitSourceError(`${JSON.stringify(found.ref)} is not a git reference`);
  if (values.has('fetch-by-commit') && commitHash.test(found.checksum ?? '')) found.ref = found.checksum as string;
  return found;
}

function readOption(found: GitSource, key: string, value: string): void {
  switch (key) {
    case 'submodules':
      found.submodules = readSwitch(key, value);
      return;
    case 'keep-git-dir':
      found.keepGitDir = readSwitch(key, value);
      return;
    case 'fetch-by-commit':
    case 'mtime':
      // How it is fetched, and times that BuildKit itself does not keep for ADD.
      return;
    default:
  }
  if (value === '') throw new GitSourceError(`${key} has no value`);
  const set = (part: 'ref' | 'folder' | 'checksum', text: string) => {
    if (found[part] && found[part] !== text) throw new GitSourceError(`it is both ${found[part]} and ${text}`);
    found[part] = text;
  };
  if (key === 'ref') set('ref', value);
  else if (key === 'tag') set('ref', value.startsWith('refs/tags/') ? value : `refs/tags/${value}`);
  else if (key === 'branch') set('ref', value.startsWith('refs/heads/') ? value : `refs/heads/${value}`);
  else if (key === 'subdir') set('folder', cleanFolder(value));
  else if (key === 'checksum' || key === 'commit') set('checksum', value);
  else throw new GitSourceError(`${key} is not known`);
}

function readSwitch(key: string, value: string): boolean {
  if (/^(|1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw new GitSourceError(`${key} is true or false`);
}

function cleanFolder(path: string): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names.join('/');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new GitSourceError(`${JSON.stringify(text)} is not a fragment of a URL`);
  }
}
