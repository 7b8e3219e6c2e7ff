import { type BuildSite, makeBuildSite } from '../builds/build-site.ts';
import type { PlannedArray } from '../builds/plan-rebuild.ts';
import { planRecipes, startRebuild } from '../builds/rebuild.ts';
import { sbatchCommand, submissionFor, type SubmissionReport } from '../builds/submit-array.ts';
import { exitCodes } from '../util/errors.ts';
import { checkName } from '../util/names.ts';
import { shellJoin } from '../util/shell-quote.ts';
import type { Answer, Context } from './context.ts';
import { waitForTags } from './wait-for-tags.ts';

interface Arguments {
  names: string[];
  wait: boolean;
  'dry-run': boolean;
  hold: boolean;
}

/** `ctmgr rebuild`: a new build tag with every image, or the named ones, as elements of job arrays. */
export async function run(argv: Arguments, context: Context): Promise<Answer> {
  const names = argv.names.map((name) => checkName(name, 'recipe'));
  const site = makeBuildSite(await context.store(), context.config, context.paths, context.caller.name);
  const arrays = await planRecipes(site, names);
  if (argv['dry-run']) return dryRun(site, arrays);
  const images = arrays.reduce((sum, array) => sum + array.instances.length, 0);
  const onTag = ({ name }: { name: string }): void =>
    context.terminal.say(`Build tag ${name}: ${images} ${images === 1 ? 'image' : 'images'}, submitting`);
  const { tag, reports } = await startRebuild(site, arrays, onTag, argv.hold);
  for (const { message } of reports) context.terminal.say(`  ${message}`);
  if (argv.wait) return waitForTags(site, context, [tag]);
  return submitted(tag.name, reports);
}

function submitted(tag: string, reports: SubmissionReport[]): Answer {
  const refused = reports.some(({ kind }) => kind === 'refused');
  const inDoubt = reports.some(({ kind }) => kind === 'unknown');
  const lines = inDoubt
    ? [`Build tag ${tag}: Slurm has not confirmed everything. Settle it with: ctmgr poll`]
    : [`Build tag ${tag} ${refused ? 'was refused by Slurm, at least in part' : 'is with Slurm'}.`];
  lines.push(`Next: ctmgr status ${tag} (states move while \`ctmgr service\` runs, or with: ctmgr poll --wait)`);
  return {
    kind: 'record',
    record: { tag, arrays: reports },
    text: `${lines.join('\n')}\n`,
    exitCode: refused ? exitCodes.failed : inDoubt ? exitCodes.tryAgain : 0,
  };
}

async function dryRun(site: BuildSite, arrays: PlannedArray[]): Promise<Answer> {
  const shown = await Promise.all(
    arrays.map(async (array, i) => {
      // The real tag and marker are only made when they are recorded.
      const place = { tag: 'TAG', marker: `MARKER-${i + 1}`, class: array.class };
      const submission = submissionFor(
        site,
        place,
        array.instances.map(({ arrayIndex }) => arrayIndex),
      );
      return {
        class: array.class,
        tasks: array.instances.map(({ name, taskIndex, arrayIndex, inputHash, recipe }) => ({
          name,
          task: taskIndex,
          index: arrayIndex,
          version: recipe.source.content.version,
          overlays: recipe.overlays.map((overlay) => `${overlay.name}:${overlay.version}`),
          input_hash: inputHash,
          definition: recipe.definition,
        })),
        sbatch: await sbatchCommand(site, submission),
        script: submission.script,
      };
    }),
  );
  const text = shown
    .map(({ class: name, tasks, sbatch, script }) =>
      [
        `Array of class ${name}: ${tasks.length} ${tasks.length === 1 ? 'task' : 'tasks'}`,
        ...tasks.map(
          (task) => `  ${task.index}  ${task.name}:${task.version}  overlays ${task.overlays.join(' ') || 'none'}`,
        ),
        '',
        `$ ${shellJoin(sbatch)}`,
        '',
        script,
      ].join('\n'),
    )
    .join('\n');
  return { kind: 'record', record: { arrays: shown }, text: `${text}Nothing was changed.\n` };
}
