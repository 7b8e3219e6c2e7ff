import { accessSync, constants } from 'node:fs';

import type { Config } from '../../config/schema.ts';
import { type Account, findAccount } from '../../util/accounts.ts';
import { errorText } from '../../util/errors.ts';
import { run } from '../../util/run.ts';
import { type Finding, findingsOf } from './finding.ts';

/** No image can have this name; it is asked for all the same. */
const nobody = 'ctmgr-doctor.no-such-image';

/** The service account on this host. */
export function checkAccount(config: Config): Finding {
  const found = findingsOf('service account', config.build.user);
  const account: Account | undefined = findAccount(config.build.user);
  if (account === undefined) return found.problem('does not exist here', `useradd --system ${config.build.user}`);
  if (account.uid === 0) return found.problem('is root', 'builds must not run as root: set build.user');
  return found.ok(`uid ${account.uid}`);
}

/**
 * Whether `srun --container=NAME` of this host's PATH refuses a name that does not exist: plain Slurm runs the command on
 * the bare host without a word. `srun`: the one to try.
 */
export async function checkContainerOption(timeout: number, srun = 'srun'): Promise<Finding> {
  const found = findingsOf('srun --container');
  const result = await run(srun, [`--container=${nobody}`, '--immediate=10', 'true'], { timeout });
  if (result.spawnError !== undefined) return found.unknown(`srun could not be started: ${result.spawnError}`);
  if (result.exitCode === 0) {
    const fix =
      'load the SPANK plugin, or put the wrapper in front of Slurm\u2019s own srun in PATH (see README, Doors)';
    return found.problem('the srun in PATH runs the command on the bare host', fix);
  }
  if (result.stderr.includes('ctmgr')) return found.ok('an unknown image is refused');
  return found.unknown(`srun refuses, but not for ctmgr\u2019s reasons: ${result.stderr.trim().split('\n').at(-1)}`);
}

/** The programs of `[notify]`, if there are any. */
export function checkNotifier({ notify }: Config): Finding[] {
  const programs = [
    ...(notify.exec === undefined ? [] : [notify.exec[0]]),
    ...(notify.mail_to.length === 0 ? [] : [notify.sendmail]),
  ];
  return programs.map((program) => {
    const found = findingsOf('notifier', program);
    try {
      accessSync(program, constants.X_OK);
      return found.ok('can be run');
    } catch (error) {
      return found.problem(errorText(error), 'correct [notify] in config.toml');
    }
  });
}
