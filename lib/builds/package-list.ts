import { readFile } from 'node:fs/promises';

import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';

export interface PackageChange {
  /** `dpkg`, `rpm`, `apk`, `pip` or `conda`. */
  manager: string;
  name: string;
  /** Several, in order, if several are installed; empty if none is. */
  before: string[];
  after: string[];
}

/** Versions by `MANAGER NAME`. */
export type PackageList = Map<string, string[]>;

/**
 * Reads a list that a build has written: a line is manager, name and version with tabs between them. Lines of another
 * form are left out, since the text comes from inside the image. Undefined if there is none: the image holds no
 * package manager, or the list has been cleared away. Throws CtmgrError `notAllowed` if it cannot be read.
 */
export async function readPackages(path: string): Promise<PackageList | undefined> {
  try {
    return parsePackages(await readFile(path, 'utf8'));
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw new CtmgrError('notAllowed', `cannot read ${path}`, {
      why: errorText(error),
      hint: 'only those who may read the image may read its list',
      cause: error,
    });
  }
}

/** Reads a list as the build writes it: manager, name and version, separated by tabs. Any other line is left out. */
export function parsePackages(text: string): PackageList {
  const list: PackageList = new Map();
  for (const line of text.split('\n')) {
    const [manager, name, version, more] = line.split('\t');
    if (!manager || !name || !version || more !== undefined) continue;
    const key = `${manager} ${name}`;
    list.set(key, [...(list.get(key) ?? []), version]);
  }
  return list;
}

/** What differs, by manager and name. */
export function comparePackages(before: PackageList, after: PackageList): PackageChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((key) => {
    const [manager = '', name = ''] = key.split(' ', 2);
    const change = { manager, name, before: before.get(key) ?? [], after: after.get(key) ?? [] };
    return change.before.join('\n') === change.after.join('\n') ? [] : [change];
  });
}
