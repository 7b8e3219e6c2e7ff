import { randomBytes } from 'node:crypto';

import { output } from './cluster.ts';

/** A folder for `slurm.bin_dir` whose sbatch is the test's own; everything else is Slurm's. */
export interface SlurmWrappers {
  /** Line for the `[slurm]` table of the configuration. */
  config: string;
  remove(): Promise<void>;
}

const tools = ['sacct', 'scancel', 'scontrol', 'squeue'];

/**
 * Makes such a folder. `body` is shell text that runs once, in place of the first submission, with sbatch's arguments
 * and standard input; every later call, and the question for the version, goes to the real sbatch.
 */
export async function wrapSbatch(body: string): Promise<SlurmWrappers> {
  const folder = `/srv/ctmgr/bin-${randomBytes(4).toString('hex')}`;
  const script = `#!/bin/sh
if [ "$1" = --version ] || ! mkdir ${folder}/called 2>/dev/null; then exec /usr/bin/sbatch "$@"; fi
${body}
`;
  const links = tools.map((tool) => `ln -s /usr/bin/${tool} ${folder}/${tool}`).join('\n');
  await output(['sh', '-ec', `mkdir ${folder}\ncat >${folder}/sbatch\nchmod 755 ${folder}/sbatch\n${links}`], {
    input: script,
  });
  return {
    config: `bin_dir = "${folder}"`,
    async remove() {
      await output(['rm', '-rf', '--', folder]);
    },
  };
}
