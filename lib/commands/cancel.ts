import { makeBuildSite } from '../builds/build-site.ts';
import { cancelBuilds, type Cancellation } from '../builds/cancel-builds.ts';
import { type Instance, unfinishedInstances } from '../store/instances.ts';
import type { Store } from '../store/open.ts';
import { findRecipe } from '../store/recipes.ts';
import { findVerification } from '../store/verifications.ts';
import { countNoun } from '../util/count-noun.ts';
import { CtmgrError, exitCodes } from '../util/errors.ts';
import { isTag, isVerificationName, parseReference } from '../util/names.ts';
import type { Answer, Context } from './context.ts';
import { refreshCatalogue } from './refresh-catalogue.ts';
import { requireTag } from './require-tag.ts';
import { stopVerification } from './stop-verification.ts';

interface Arguments {
  what: string;
  'dry-run': boolean;
}

/** `ctmgr cancel TAG|NAME|NAME:TAG|VERIFICATION`: stops what is not finished; images that are there stay. */
export async function run(argv: Arguments, context: Context): Promise<Answer> {
  const site = makeBuildSite(await context.store(), context.config, context.paths, context.caller.name);
  const verification = isVerificationName(argv.what) ? await findVerification(site.store, argv.what) : undefined;
  if (verification !== undefined) return stopVerification(site, verification, argv['dry-run']);
  const instances = await findUnfinished(site.store, argv.what);
  if (instances.length === 0) {
    return {
      kind: 'record',
      record: { cancelled: [], asked: [], in_doubt: [] },
      text: `Nothing of ${argv.what} is unfinished.\n`,
    };
  }
  if (argv['dry-run']) {
    const lines = instances.map(
      (one) => `  ${label(one)}  ${one.status}${one.job_id === null ? '' : `  ${jobOf(one)}`}`,
    );
    return {
      kind: 'record',
      record: { would_cancel: instances.map(label) },
      text: `Would stop:\n${lines.join('\n')}\nNothing was changed.\n`,
    };
  }
  const done = await cancelBuilds(site, instances);
  if (done.problem !== undefined) context.terminal.say(`ctmgr: ${done.problem}`);
  if (done.atOnce.length > 0) await refreshCatalogue(context);
  return {
    kind: 'record',
    record: { cancelled: done.atOnce.map(label), asked: done.asked.map(label), in_doubt: done.inDoubt.map(label) },
    text: describe(done, instances),
    exitCode: done.problem === undefined ? 0 : exitCodes.tryAgain,
  };
}

/** What of a tag or a name is not finished; refuses (66) a tag or a name that does not exist. */
async function findUnfinished(store: Store, what: string): Promise<Instance[]> {
  const open = await unfinishedInstances(store);
  if (isTag(what)) {
    const tag = await requireTag(store, what);
    return open.filter((instance) => instance.build_tag_id === tag.id);
  }
  const { name, tag, sha256 } = parseReference(what);
  if (sha256 !== undefined) {
    throw new CtmgrError('usage', 'an image with a digest is finished', { hint: `ctmgr cancel ${name}` });
  }
  if ((await findRecipe(store, name)) === undefined) {
    throw new CtmgrError('inputMissing', `there is no recipe ${name}`, { hint: 'ctmgr list --all' });
  }
  if (tag !== undefined) await requireTag(store, tag);
  return open.filter((instance) => instance.name === name && (tag === undefined || instance.tag === tag));
}

function describe({ atOnce, asked, inDoubt, problem }: Cancellation, instances: Instance[]): string {
  const images = (list: Instance[]): string => countNoun(list.length, 'image');
  const lines: string[] = [];
  if (atOnce.length > 0) lines.push(`Cancelled before they were submitted: ${images(atOnce)}.`);
  if (asked.length > 0 && problem === undefined) lines.push(`Slurm was asked to stop the builds of ${images(asked)}.`);
  if (asked.length > 0 && problem !== undefined) {
    lines.push(`Slurm did not take the request for ${images(asked)}; the poller asks again.`);
  }
  if (inDoubt.length > 0) {
    lines.push(`Slurm has not confirmed the jobs of ${images(inDoubt)}; the poller stops them when it finds them.`);
  }
  const left = instances.length - atOnce.length - asked.length - inDoubt.length;
  if (left > 0) lines.push(`Meanwhile changed by itself: ${left}.`);
  const tags = [...new Set(instances.map(({ tag }) => tag))];
  if (asked.length + inDoubt.length > 0) {
    lines.push(`Next: ctmgr status ${tags[0]} (states move while \`ctmgr service\` runs, or with: ctmgr poll --wait)`);
  }
  return `${lines.join('\n')}\n`;
}

function label({ name, tag }: Instance): string {
  return `${name}:${tag}`;
}

function jobOf({ job_id, array_index }: Instance): string {
  return `${job_id}_${array_index}`;
}
