import { randomBytes } from 'node:crypto';

import { exec, output } from './cluster.ts';

/** A folder for `slurm.bin_dir` whose sbatch is the test's own; every other command in it is Slurm's. */
export interface ScriptedSbatch {
  /** TOML for `[slurm]`. */
  toml: string;
  /** The first submission has begun. */
  called(): Promise<boolean>;
  remove(): Promise<void>;
}

const otherTools = ['sacct', 'scancel', 'scontrol', 'squeue'];

/**
 * Makes such a folder. `body` is shell text that runs once, in place of the first submission, with sbatch's arguments
 * and standard input; later calls, and the question for the version, go to the real sbatch.
 */
export async function scriptSbatch(body: string): Promise<ScriptedSbatch> {
  const folder = `/srv/ctmgr/sbatch-${randomBytes(4).toString('hex')}`;
  const script = `#!/bin/sh
if [ "$1" = --version ] || ! mkdir ${folder}/called 2>/dev/null; then exec /usr/bin/sbatch "$@"; fi
${body}
`;
  const links = otherTools.map((tool) => `ln -s /usr/bin/${tool} ${folder}/${tool}`).join('\n');
  await output(['sh', '-ec', `mkdir ${folder}\ncat >${folder}/sbatch\nchmod 755 ${folder}/sbatch\n${links}`], {
    input: script,
  });
  return {
    toml: `bin_dir = "${folder}"`,
    called: async () => (await exec(['test', '-d', `${folder}/called`])).code === 0,
    async remove() {
      await output(['rm', '-rf', '--', folder]);
    },
  };
}
