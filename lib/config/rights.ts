import { currentUserName, findGroup } from '../util/accounts.ts';
import type { Config } from './schema.ts';

/** What a caller may do; each level includes the ones before it. */
export const levels = ['user', 'admin', 'root'] as const;
export type Level = (typeof levels)[number];

export interface Caller {
  name: string;
  uid: number;
  level: Level;
}

/**
 * Who runs this process and what the configuration lets them do. This decides which commands exist for them and is a
 * convenience: what protects the site is file modes and Slurm's own authority.
 */
export function identifyCaller(config: Config): Caller {
  const uid = process.getuid?.() ?? -1;
  const name = currentUserName();
  return { name, uid, level: levelOf(uid, name, process.getgroups?.() ?? [], config) };
}

function levelOf(uid: number, name: string, gids: number[], config: Config): Level {
  if (uid === 0) return 'root';
  const { admin_users, admin_groups, rebuild } = config.rights;
  const isAdmin =
    admin_users.includes(name) ||
    admin_groups.some((group) => {
      const gid = findGroup(group)?.gid;
      return gid !== undefined && gids.includes(gid);
    });
  if (!isAdmin) return 'user';
  return rebuild === 'admin' ? 'root' : 'admin';
}

/** True if `level` includes `needed`. */
export function reaches(level: Level, needed: Level): boolean {
  return levels.indexOf(level) >= levels.indexOf(needed);
}

/** Who has a level, in words for a refusal. */
export function whoHas(level: Level, config: Config): string {
  if (level === 'root' && config.rights.rebuild === 'root') return 'root';
  const { admin_groups, admin_users } = config.rights;
  const named = [...admin_groups.map((group) => `group ${group}`), ...admin_users.map((user) => `user ${user}`)];
  return named.length === 0 ? 'root' : `root or an admin (${named.join(', ')})`;
}
