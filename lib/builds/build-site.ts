import type { Paths } from '../config/paths.ts';
import type { Config } from '../config/schema.ts';
import type { SlurmTools } from '../slurm/slurm-tools.ts';
import type { Store } from '../store/open.ts';
import { type Account, findAccount, requireAccount, requireGroup } from '../util/accounts.ts';
import { CtmgrError } from '../util/errors.ts';

/** All that building and publishing need to know of the site and the caller. */
export interface BuildSite {
  store: Store;
  config: Config;
  paths: Paths;
  slurm: SlurmTools;
  /** The service account that the jobs run as. */
  builder: Account;
  /** Owner and group of published images. */
  owner: { uid: number; gid: number };
  /** True for root, who submits for the builder and gives files to it. */
  asRoot: boolean;
  /** Who is written down as having done it. */
  actor: string;
}

/** True for those to whom the share belongs: root and the service account. */
export function writesShare(config: Config): boolean {
  const uid = process.getuid?.();
  return uid === 0 || uid === findAccount(config.build.user)?.uid;
}

/**
 * Puts a build site together. Builds run as the service account only: root submits for it, the account itself needs no
 * help, anybody else is refused (77) whatever the configuration lets them call.
 */
export function makeBuildSite(store: Store, config: Config, paths: Paths, actor: string): BuildSite {
  const builder = requireAccount(config.build.user, 'build.user');
  const uid = process.getuid?.();
  if (uid !== 0 && uid !== builder.uid) {
    throw new CtmgrError('notAllowed', `builds run as ${builder.name}, and you are ${actor}`, {
      hint: `sudo -u ${builder.name} ctmgr …, or as root`,
    });
  }
  const { owner, group } = config.images;
  return {
    store,
    config,
    paths,
    slurm: { binDir: config.slurm.bin_dir, timeout: config.slurm.command_timeout * 1000 },
    builder,
    owner: {
      uid: owner === undefined ? builder.uid : requireAccount(owner, 'images.owner').uid,
      gid: group === undefined ? builder.gid : requireGroup(group, 'images.group').gid,
    },
    asRoot: uid === 0,
    actor,
  };
}
