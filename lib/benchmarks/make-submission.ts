import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { templatePath } from '../config/paths.ts';
import type { Config } from '../config/schema.ts';
import type { ArraySubmission } from '../slurm/submit-array.ts';
import type { Account } from '../util/accounts.ts';
import { shellJoin, shellQuote } from '../util/shell-quote.ts';
import { renderTemplate } from '../util/template.ts';
import type { PlannedPair } from './draw-plan.ts';
import type { RunSettings } from './plan-run.ts';

/** What the batch script of a submission is made of. */
export interface ScriptValues {
  /** Of this submission, see `submissionFolder`. */
  folder: string;
  image: { file: string; sha256: string } | undefined;
  settings: RunSettings;
  /** The benchmark's own script. */
  runScript: string;
  /** The pairs to run. */
  pairs: readonly PlannedPair[];
}

/** Seconds that an allocation gets on top of its legs: to start, and to look at the image. */
const allowance = 300;

/** Where the outputs of the numbered submission of a run go. */
export function submissionFolder(runFolder: string, number: number): string {
  return join(runFolder, String(number));
}

/** The text of the batch script. Throws CtmgrError `configuration` if the site's template is wrong. */
export function batchScript(config: Config, values: ScriptValues): string {
  const { folder, image, settings, runScript, pairs } = values;
  const path = templatePath('sbatch-templates', 'bench.sbatch.mustache', config);
  const assignments = (programs: Record<string, string>): string =>
    shellJoin(Object.entries(programs).map(([name, value]) => `${name}=${value}`));
  const tool = (name: string): string =>
    shellQuote(config.slurm.bin_dir === undefined ? name : join(config.slurm.bin_dir, name));
  const data = {
    folder: shellQuote(folder),
    plan: shellQuote(
      pairs.map(({ allocation, position, sequence }) => `${allocation} ${position} ${sequence}`).join('\n'),
    ),
    image: shellQuote(image?.file ?? ''),
    imageSha256: shellQuote(image?.sha256 ?? ''),
    apptainer: shellQuote(settings.apptainer),
    apptainerArguments: shellJoin(settings.apptainerArguments),
    srun: tool('srun'),
    squeue: tool('squeue'),
    srunArguments: shellJoin(srunArguments(settings)),
    legSeconds: String(settings.legTime),
    gapSeconds: String(settings.gap),
    modules: shellJoin(settings.modules),
    barePrograms: assignments(settings.programs.bare),
    containerPrograms: assignments(settings.programs.container),
    runScript: shellQuote(runScript),
  };
  return renderTemplate(readFileSync(path, 'utf8'), data, path);
}

/** Both legs get the same step: nodes, tasks, CPUs, and a time limit of their own. */
function srunArguments({ nodes, tasksPerNode, cpusPerTask, legTime, srunArguments: more }: RunSettings): string[] {
  return [
    `--nodes=${nodes}`,
    `--ntasks=${nodes * tasksPerNode}`,
    `--ntasks-per-node=${tasksPerNode}`,
    // Slurm 22.05 to 23.02 do not take it from the job (their release notes).
    `--cpus-per-task=${cpusPerTask}`,
    `--time=${Math.ceil(legTime / 60)}`,
    '--kill-on-bad-exit=1',
    ...more,
  ];
}

/** What sbatch gets: one element per allocation that still has pairs to run. `user` only for root, who submits for it. */
export function arraySubmission(
  job: { marker: string; script: string; folder: string; pairs: readonly PlannedPair[] },
  settings: RunSettings,
  user: Account | undefined,
): ArraySubmission {
  const { partition, constraint, account, qos, reservation, extra_arguments } = settings.slurm;
  const indices = [...new Set(job.pairs.map(({ allocation }) => allocation))];
  const most = Math.max(...indices.map((index) => job.pairs.filter(({ allocation }) => allocation === index).length));
  const minutes = Math.ceil((allowance + 2 * (most + 1) * (settings.legTime + settings.gap)) / 60);
  return {
    jobName: job.marker,
    script: job.script,
    indices,
    user,
    workDir: job.folder,
    output: join(job.folder, 'job-%a.out'),
    error: join(job.folder, 'job-%a.err'),
    resources: {
      partition,
      constraint,
      account,
      qos,
      reservation,
      cpus: settings.cpusPerTask,
      time: String(minutes),
      exclusive: settings.exclusive,
      extraArguments: [
        `--nodes=${settings.nodes}`,
        `--ntasks-per-node=${settings.tasksPerNode}`,
        // A second start would be on other nodes: `ctmgr bench resume` runs what is missing, as an allocation of its own.
        '--no-requeue',
        ...extra_arguments,
      ],
    },
  };
}
