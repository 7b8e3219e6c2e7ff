import type { Paths } from '../config/paths.ts';
import type { Config } from '../config/schema.ts';
import type { SlurmTools } from '../slurm/slurm-tools.ts';
import type { Store } from '../store/open.ts';
import { type Account, requireAccount } from '../util/accounts.ts';
import { CtmgrError } from '../util/errors.ts';

/** All that running benchmarks needs to know of the site and the caller. */
export interface BenchSite {
  store: Store;
  config: Config;
  paths: Paths;
  slurm: SlurmTools;
  asRoot: boolean;
  /** Who is written down as having done it. */
  actor: string;
}

export function makeBenchSite(store: Store, config: Config, paths: Paths, actor: string): BenchSite {
  return {
    store,
    config,
    paths,
    slurm: { binDir: config.slurm.bin_dir, timeout: config.slurm.command_timeout * 1000 },
    asRoot: process.getuid?.() === 0,
    actor,
  };
}

/** Whose jobs a new run's are: the caller's own; root's benchmarks run as the service account, never as root. */
export function jobUserOf(site: BenchSite): string {
  return site.asRoot ? requireAccount(site.config.build.user, 'build.user').name : site.actor;
}

/** The account that a run's jobs belong to; refused (77) unless the caller may submit for it. */
export function requireSubmitter(site: BenchSite, jobUser: string): Account {
  if (!site.asRoot && site.actor !== jobUser) {
    throw new CtmgrError('notAllowed', `the jobs of this run are ${jobUser}'s, and you are ${site.actor}`, {
      hint: `sudo -u ${jobUser} ctmgr …, or as root`,
    });
  }
  return requireAccount(jobUser, 'the benchmark run');
}
