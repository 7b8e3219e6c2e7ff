import { planRebuild } from '../builds/plan-rebuild.ts';
import { recordRebuild } from '../builds/record-rebuild.ts';
import { startRebuild } from '../builds/rebuild.ts';
import { importReadyImage } from '../definitions/import-ready-image.ts';
import type { ReadyImage } from '../definitions/ready-image.ts';
import { renderVersion } from '../definitions/render-version.ts';
import { CtmgrError, exitCodes } from '../util/errors.ts';
import type { Answer, Context } from './context.ts';
import { refreshCatalogue } from './refresh-catalogue.ts';
import { submittingSite } from './submitting-site.ts';
import { takeEffect } from './take-effect.ts';
import { waitForService } from './wait-for-service.ts';
import { waitForTags } from './wait-for-tags.ts';

interface Arguments {
  name: string;
  context?: string;
  'build-arg': string[];
  target?: string;
  platform?: string;
  'base-config'?: string;
  'base-name'?: string;
  class?: string;
  message?: string;
  wait: boolean;
  verify: boolean;
}

/** `ctmgr import` of a ready image: a new version, published under a build tag of its own by a job on a build node. */
export async function importImage(
  image: ReadyImage,
  argv: Arguments,
  group: string | null | undefined,
  context: Context,
): Promise<Answer> {
  const forDockerfiles = (['context', 'target', 'platform', 'base-config'] as const).filter(
    (key) => argv[key] !== undefined,
  );
  if (forDockerfiles.length > 0 || argv['build-arg'].length > 0) {
    throw new CtmgrError('usage', 'a ready image is not built from a Dockerfile', {
      hint: `leave ${[...forDockerfiles, ...(argv['build-arg'].length > 0 ? ['build-arg'] : [])].map((key) => `--${key}`).join(', ')} out`,
    });
  }
  if (argv.verify) {
    throw new CtmgrError('usage', 'a ready image is not built, so there is nothing to verify', {
      why: 'it is checked before it is published, and until then the name means what it meant',
      hint: 'leave --verify out',
    });
  }
  const store = await context.store();
  const { name, message, class: className, 'base-name': baseName } = argv;
  const request = { name, baseName, class: className, message, group };
  const outcome = await importReadyImage(store, context.paths.contexts, image, request, context.caller.name);
  const { version, isNew } = outcome;
  if (group !== undefined) await takeEffect(context, name);
  // The same reference may mean another image by now; the same file never does.
  if (!isNew && image.kind !== 'docker') {
    const text = `Nothing new: ${name} version ${version} is the same file.\nTo publish it once more: ctmgr rebuild ${name}\n`;
    return { kind: 'record', record: { ...outcome }, text };
  }
  context.terminal.say(isNew ? `Stored version ${version} of ${name}.` : `${name} version ${version} is pulled again.`);
  const rendered = await renderVersion(store, name, version, context.config);
  const arrays = planRebuild([rendered], context.config.build.class, 1);
  const site = submittingSite(store, context);
  if (site !== undefined) {
    const { tag, reports } = await startRebuild(site, arrays, () => {});
    for (const report of reports) context.terminal.say(`  ${report.message}`);
    if (argv.wait) return waitForTags(site, context, [tag]);
    const refused = reports.some(({ kind }) => kind === 'refused');
    return answer(outcome, tag.name, refused ? exitCodes.failed : 0);
  }
  const tag = await recordRebuild({ store, paths: context.paths, actor: context.caller.name }, arrays, {
    submitter: null,
  });
  await refreshCatalogue(context);
  if (argv.wait) return waitForService(store, context, tag);
  return answer(outcome, tag.name, 0);
}

function answer(outcome: { name: string; version: number }, tag: string, exitCode: number): Answer {
  const text = [
    `It becomes ${outcome.name}:${tag} when a job on a build node has checked it.`,
    `Next: ctmgr status ${tag} (states move while \`ctmgr service\` runs)`,
    '',
  ].join('\n');
  return { kind: 'record', record: { ...outcome, tag }, text, exitCode };
}
