import type { BuildSite } from '../builds/build-site.ts';
import { logFiles } from '../builds/tag-folders.ts';
import { arraysOfTag } from '../store/build-arrays.ts';
import { type CurrentImage, listCurrentImages } from '../store/current-images.ts';
import { closedGates } from '../store/image-gates.ts';
import { type Instance, instancesOfTag, unfinished } from '../store/instances.ts';
import { findContent } from '../store/recipes.ts';
import { isHeld } from '../store/tag-holds.ts';
import type { RecordAnswer } from './context.ts';
import { logTail } from './log-tail.ts';
import { countLine } from './progress-view.ts';

/** Failures that are told one by one, and names that a suggested command line gets. */
const shownFailures = 8;

/** The end of a rebuild, told: what is good, each failure with the end of its log, what NAME means now, what to do. */
export async function reportRebuild(
  site: Pick<BuildSite, 'store' | 'paths'>,
  tag: { id: number; name: string },
): Promise<RecordAnswer> {
  const instances = await instancesOfTag(site.store, tag.id);
  const arrays = await arraysOfTag(site.store, tag.id);
  const bad = instances.filter(({ status }) => status !== 'success');
  const current = new Map((await listCurrentImages(site.store)).map((image) => [image.recipeId, image]));
  const parts = [`Build tag ${tag.name}: ${countLine(instances)}.`];
  let logged: string | undefined;
  for (const instance of bad.slice(0, shownFailures)) {
    const before = current.get(instance.recipe_id);
    const meaning =
      before === undefined
        ? 'no image of this name has been published yet'
        : `${instance.name} still means the image of ${before.tag}`;
    const { text, hasLog } = await describeFailure(site, instance, meaning);
    parts.push(text);
    if (hasLog) logged ??= instance.name;
  }
  if (bad.length > shownFailures) parts.push(`\nand ${bad.length - shownFailures} more: ctmgr status ${tag.name}`);
  const held = await isHeld(site.store, tag.id);
  const broken = bad.filter(({ failure_kind }) => failure_kind === 'build' || failure_kind === 'test');
  const contents = await Promise.all(broken.map((instance) => findContent(site.store, instance.recipe_content_id)));
  const ready = contents.length > 0 && contents.every(({ kind }) => kind === 'image');
  const gated = (await closedGates(site.store)).filter(({ build_tag_id }) => build_tag_id === tag.id);
  const waiting = [...new Set(gated.map(({ name }) => name))];
  if (waiting.length > 0) parts.push(`Held by gates until their benchmarks have passed: ${waiting.join(', ')}`);
  const pinned = held ? [] : instances.filter((one) => isKeptByPin(one, current.get(one.recipe_id)));
  if (pinned.length > 0) {
    const means = pinned.map(({ name, recipe_id }) => `${name} (${current.get(recipe_id)?.tag})`).join(', ');
    parts.push(`Pinned names keep their meaning until \`ctmgr unpin\` and a rollback or another build: ${means}`);
  }
  parts.push(nextSteps(tag.name, instances, { held, ready, gated: waiting.length > 0, logged }));
  return {
    kind: 'record',
    record: {
      tag: tag.name,
      ok: bad.length === 0,
      held,
      gated: waiting,
      pinned: pinned.map(({ name }) => name),
      arrays: arrays.map(({ class: name, job_id, state }) => ({ class: name, job: job_id, state })),
      images: instances.map((instance) => ({
        name: instance.name,
        status: instance.status,
        failure_kind: instance.failure_kind,
        message: instance.message,
        exit_code: instance.exit_code,
        node: instance.node,
        job: instance.job_id === null ? null : `${instance.job_id}_${instance.array_index}`,
        file: instance.file,
        sha256: instance.sha256,
        size: instance.size,
      })),
    },
    text: `${parts.join('\n')}\n`,
    exitCode: bad.length === 0 ? 0 : 1,
  };
}

function isKeptByPin({ id, status }: Instance, current: CurrentImage | undefined): boolean {
  return status === 'success' && current !== undefined && current.pinnedAt !== null && current.instanceId !== id;
}

async function describeFailure(
  site: Pick<BuildSite, 'paths'>,
  instance: Instance,
  meaning: string,
): Promise<{ text: string; hasLog: boolean }> {
  const { name, status, failure_kind, message } = instance;
  const what = failure_kind === null ? status : `${status} (${failure_kind})`;
  const lines = ['', `${name}: ${what}: ${message ?? 'no message'}`, `  ${meaning}`];
  const { out, err } = logFiles(site.paths, instance);
  const log = (await logTail(err)) ?? (await logTail(out));
  if (log !== undefined) lines.push(...log);
  return { text: lines.join('\n'), hasLog: log !== undefined };
}

/** `logged`: the first failure that has a log, which one that never became a job has not. `ready`: what did not build are ready images alone, which have no Dockerfile. */
function nextSteps(
  tag: string,
  instances: Instance[],
  next: { held: boolean; ready: boolean; gated: boolean; logged: string | undefined },
): string {
  const { held, ready, gated, logged } = next;
  const failed = instances.filter(({ status }) => status === 'failure' || status === 'cancelled' || status === 'lost');
  const buildFailures = failed.some(({ failure_kind }) => failure_kind === 'build' || failure_kind === 'test');
  if (instances.some(({ status }) => unfinished.includes(status))) return `\nNext: ctmgr status ${tag}`;
  if (failed.length === 0) {
    if (!held && gated) return 'Next: ctmgr bench gate; without a running service first: ctmgr poll';
    if (!held) return 'Next: srun --container=NAME COMMAND';
    return `Held: names keep their meaning. Try it: srun --container=NAME:${tag} COMMAND\nNext: ctmgr publish ${tag}`;
  }
  const log = logged === undefined ? '' : `see the whole log: ctmgr logs ${logged}:${tag}\n      `;
  const names = failed.length > shownFailures ? 'NAME...' : failed.map(({ name }) => name).join(' ');
  const again = buildFailures
    ? `mend the ${ready ? 'image' : 'Dockerfile'}, ctmgr import it again, then: ctmgr rebuild ${names}`
    : `build them once more: ctmgr retry ${tag}`;
  const good = instances.some(({ status }) => status === 'success');
  const partial = `what is good goes live with: ctmgr publish ${tag} --partial`;
  const live = held ? `\n      names keep their meaning, as the tag is held${good ? `; ${partial}` : ''}` : '';
  return `\nNext: ${log}${again}${live}`;
}
