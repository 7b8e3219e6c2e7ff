import { type BuildSite, makeBuildSite } from '../builds/build-site.ts';
import type { PlannedBase } from '../builds/plan-bases.ts';
import { planRecipes, type RebuildPlan, startRebuild } from '../builds/rebuild.ts';
import type { Selection } from '../builds/select-changed.ts';
import { sbatchCommand, submissionFor, type SubmissionReport } from '../builds/submit-array.ts';
import { countNoun } from '../util/count-noun.ts';
import { CtmgrError, exitCodes } from '../util/errors.ts';
import { shellJoin } from '../util/shell-quote.ts';
import { describeSelection, nothingToDo, selectionRecord } from './changed-images.ts';
import type { Answer, Context } from './context.ts';
import { parseRecipeVersion } from './recipe-version.ts';
import { waitForTags } from './wait-for-tags.ts';

interface Arguments {
  names: string[];
  wait: boolean;
  'dry-run': boolean;
  changed: boolean;
  hold: boolean;
}

/**
 * `ctmgr rebuild`: a new build tag with every image, or the named ones, as elements of job arrays. NAME:VERSION builds that version of a
 * recipe once more instead of the newest.
 */
export async function run(argv: Arguments, context: Context): Promise<Answer> {
  const chosen = argv.names.map(parseRecipeVersion);
  const names = chosen.map(({ name }) => name);
  const versions = new Map(chosen.flatMap(({ name, version }) => (version === undefined ? [] : [[name, version]])));
  refuseTwice(names, versions);
  const site = makeBuildSite(await context.store(), context.config, context.paths, context.caller.name);
  const plan = await planRecipes(site, names, { changed: argv.changed, ask: context.interrupted }, versions);
  for (const problem of plan.problems) context.terminal.say(`ctmgr: ${problem}`);
  const { arrays, selection } = plan;
  if (argv['dry-run']) return dryRun(site, plan);
  if (selection !== undefined) {
    if (arrays.length === 0) return nothingToDo(selection);
    for (const line of describeSelection(selection)) context.terminal.say(line);
  }
  const images = arrays.reduce((sum, array) => sum + array.instances.length, 0);
  const onTag = ({ name }: { name: string }): void =>
    context.terminal.say(`Build tag ${name}: ${countNoun(images, 'image')}, submitting`);
  const { tag, reports } = await startRebuild(site, arrays, onTag, argv.hold);
  for (const { message } of reports) context.terminal.say(`  ${message}`);
  if (argv.wait) return waitForTags(site, context, [tag]);
  return submitted(tag.name, reports, selection);
}

/** An image has one version in a build tag. */
function refuseTwice(names: string[], versions: ReadonlyMap<string, number>): void {
  const twice = names.find((name, i) => versions.has(name) && names.indexOf(name) !== i);
  if (twice === undefined) return;
  throw new CtmgrError('usage', `${twice} is named twice`, {
    why: 'a build tag has one image of each name',
    hint: `name it once; for two versions two rebuilds: ctmgr rebuild ${twice}`,
  });
}

function submitted(tag: string, reports: SubmissionReport[], selection: Selection | undefined): Answer {
  const refused = reports.some(({ kind }) => kind === 'refused');
  const inDoubt = reports.some(({ kind }) => kind === 'unknown');
  const lines = inDoubt
    ? [`Build tag ${tag}: Slurm has not confirmed everything. Settle it with: ctmgr poll`]
    : [`Build tag ${tag} ${refused ? 'was refused by Slurm, at least in part' : 'is with Slurm'}.`];
  lines.push(`Next: ctmgr status ${tag} (states move while \`ctmgr service\` runs, or with: ctmgr poll --wait)`);
  return {
    kind: 'record',
    record: { tag, arrays: reports, ...(selection && selectionRecord(selection)) },
    text: `${lines.join('\n')}\n`,
    exitCode: refused ? exitCodes.failed : inDoubt ? exitCodes.tryAgain : 0,
  };
}

async function dryRun(site: BuildSite, { arrays, selection }: RebuildPlan): Promise<Answer> {
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
        awaits: array.awaits,
        tasks: array.instances.map(({ name, taskIndex, arrayIndex, inputHash, recipe, bases }) => ({
          name,
          task: taskIndex,
          index: arrayIndex,
          version: recipe.source.content.version,
          overlays: recipe.overlays.map((overlay) => `${overlay.name}:${overlay.version}`),
          bases: bases.map(describeBase),
          input_hash: inputHash,
          definition: recipe.definition,
        })),
        sbatch: await sbatchCommand(site, submission),
        script: submission.script,
      };
    }),
  );
  const text = shown
    .map(({ class: name, awaits, tasks, sbatch, script }) =>
      [
        `Array of class ${name}: ${countNoun(tasks.length, 'task')}${awaits.length > 0 ? `, after ${awaits.join(', ')}` : ''}`,
        ...tasks.flatMap((task) => [
          `  ${task.index}  ${task.name}:${task.version}  overlays ${task.overlays.join(' ') || 'none'}`,
          ...task.bases.map((base) => `       from ${baseText(base)}`),
        ]),
        '',
        `$ ${shellJoin(sbatch)}`,
        '',
        script,
      ].join('\n'),
    )
    .join('\n');
  const changes = selection === undefined ? [] : [...describeSelection(selection), ''];
  return {
    kind: 'record',
    record: { ...(selection && selectionRecord(selection)), arrays: shown },
    text: `${changes.map((line) => `${line}\n`).join('')}${text}Nothing was changed.\n`,
  };
}

/** What an image is built from, as `--json` has it. */
interface ShownBase {
  reference: string;
  digest: string | null;
  /** Of an image of ours; null: that of the same tag. */
  tag?: string | null;
}

function describeBase(base: PlannedBase): ShownBase {
  const { reference } = base;
  if (base.kind === 'registry') return { reference, digest: base.digest };
  return {
    reference,
    digest: base.built === null ? null : `sha256:${base.built.sha256}`,
    tag: base.built?.tag ?? null,
  };
}

function baseText({ reference, digest, tag }: ShownBase): string {
  if (tag === null) return `${reference} of the same build tag`;
  const which = digest ?? 'whatever has this tag: its digest is not known';
  return tag === undefined ? `${reference}  ${which}` : `${reference}:${tag}  ${which}`;
}
