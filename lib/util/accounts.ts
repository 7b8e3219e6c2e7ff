import { spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';

import { CtmgrError } from './errors.ts';

export interface Account {
  name: string;
  uid: number;
  gid: number;
}

export interface Group {
  name: string;
  gid: number;
}

/** The account of that name from the system's user database (files, LDAP …; getent(1)), or undefined. */
export function findAccount(name: string): Account | undefined {
  const [foundName, , uid, gid] = lookUp('passwd', name) ?? [];
  if (foundName === undefined || uid === undefined || gid === undefined) return undefined;
  return { name: foundName, uid: Number(uid), gid: Number(gid) };
}

/** The login name of a user id; the number if the system has no name for it. */
export function accountName(uid: number): string {
  return ask('passwd', String(uid))?.[0] ?? String(uid);
}

/** The group of that name from the system's group database, or undefined. */
export function findGroup(name: string): Group | undefined {
  const [foundName, , gid] = lookUp('group', name) ?? [];
  return foundName === undefined || gid === undefined ? undefined : { name: foundName, gid: Number(gid) };
}

/** Like `findAccount`, but a missing account is a configuration error that names the key which asked for it. */
export function requireAccount(name: string, key: string): Account {
  const account = findAccount(name);
  if (account !== undefined) return account;
  throw new CtmgrError('configuration', `there is no user account ${name}`, {
    why: `${key} names it`,
    hint: `useradd --system ${name}, or correct ${key}`,
  });
}

/** Like `findGroup`, but a missing group is a configuration error that names the key which asked for it. */
export function requireGroup(name: string, key: string): Group {
  const group = findGroup(name);
  if (group !== undefined) return group;
  throw new CtmgrError('configuration', `there is no group ${name}`, {
    why: `${key} names it`,
    hint: `groupadd ${name}, or correct ${key}`,
  });
}

/** The caller's login name; the number if the system has no name for it. */
export function currentUserName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}

/**
 * The names of the groups that this process is in; those that have no name, or one that no image's group can have, are left out.
 * NUL stands between them (id(1), --zero), for names such as `domain users` hold blanks.
 */
export function callerGroups(): string[] {
  // It ends with 1 if one of them has no name.
  const { stdout, stderr, error } = spawnSync('id', ['-G', '-n', '-z'], { encoding: 'utf8' });
  if (error !== undefined || stdout === '') {
    throw new CtmgrError('unavailable', 'cannot look up the groups that you are in', {
      why: error?.message ?? stderr.trim(),
      hint: 'id -G -n -z',
    });
  }
  return stdout.split('\0').filter((name) => isGroupName(name));
}

/** True for a name that can be a folder's and a shell word as well. */
export function isGroupName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9._-]{0,63}$/.test(text);
}

function lookUp(database: 'passwd' | 'group', name: string): string[] | undefined {
  // getent(1): exit status 2 = not found; a numeric key would be looked up as an id, which is never meant here.
  return /^\d*$/.test(name) ? undefined : ask(database, name);
}

function ask(database: 'passwd' | 'group', name: string): string[] | undefined {
  const result = spawnSync('getent', ['--', database, name], { encoding: 'utf8' });
  if (result.error !== undefined) {
    throw new CtmgrError('unavailable', 'cannot look up accounts', { why: result.error.message, cause: result.error });
  }
  if (result.status === 2) return undefined;
  if (result.status !== 0) {
    throw new CtmgrError('unavailable', `cannot look up ${database} ${name}`, { why: result.stderr.trim() });
  }
  return result.stdout.split('\n')[0]?.split(':');
}
