import type { BuildSite } from '../builds/build-site.ts';
import { follow } from '../builds/follow.ts';
import { expectedDurations } from '../store/build-durations.ts';
import { arraysOfTag } from '../store/build-arrays.ts';
import { type Instance, instancesOfTag, unfinished } from '../store/instances.ts';
import { exitCodes } from '../util/errors.ts';
import type { Context, RecordAnswer } from './context.ts';
import { rowOfInstance } from './progress-row.ts';
import { makeProgressView } from './progress-view.ts';
import { reportRebuild } from './rebuild-report.ts';

interface Tag {
  id: number;
  name: string;
}

/**
 * Follows build tags to their end with a live view, then reports. 0 only if every image of them is good. An interrupt
 * leaves the jobs running and says how to come back (130).
 */
export async function waitForTags(site: BuildSite, context: Context, tags: Tag[]): Promise<RecordAnswer> {
  let instances = await instancesOf(site, tags);
  const expected = await expectedDurations(site.store);
  const view = makeProgressView(context.terminal, instances.map(rowOfInstance), expected);
  const isOver = (): boolean => !instances.some(({ status }) => unfinished.includes(status));
  if (!isOver()) {
    await follow(site, {
      signal: context.interrupted,
      onPass: async (report) => {
        instances = await instancesOf(site, tags);
        view([...report.submissions, ...report.problems], instances.map(rowOfInstance));
      },
      // An image that users do not find yet is no reason to say that all is done.
      until: async (report) => isOver() && !report.catalogueBehind,
    });
  }
  context.terminal.settle();
  if (!isOver()) return interrupted(site, tags);
  const reports: RecordAnswer[] = [];
  for (const tag of tags) reports.push(await reportRebuild(site, tag));
  const [only] = reports;
  if (reports.length === 1 && only !== undefined) return only;
  return {
    kind: 'record',
    record: { tags: reports.map(({ record }) => record) },
    text: reports.map(({ text }) => text).join('\n'),
    exitCode: Math.max(0, ...reports.map(({ exitCode }) => exitCode ?? 0)),
  };
}

async function instancesOf(site: BuildSite, tags: Tag[]): Promise<Instance[]> {
  const lists = await Promise.all(tags.map((tag) => instancesOfTag(site.store, tag.id)));
  return lists.flat();
}

async function interrupted(site: BuildSite, tags: Tag[]): Promise<RecordAnswer> {
  const arrays = (await Promise.all(tags.map((tag) => arraysOfTag(site.store, tag.id)))).flat();
  const jobs = arrays.flatMap(({ job_id }) => (job_id === null ? [] : [job_id]));
  const names = tags.map(({ name }) => name).join(', ');
  const text = [
    `Interrupted. The jobs of ${names} go on${jobs.length === 0 ? '' : `: ${jobs.join(', ')}`}.`,
    'Come back with: ctmgr poll --wait',
    `Stop them with: ${tags.map(({ name }) => `ctmgr cancel ${name}`).join('; ')}`,
    '',
  ].join('\n');
  return {
    kind: 'record',
    record: { interrupted: true, tags: tags.map(({ name }) => name), jobs },
    text,
    exitCode: exitCodes.interrupted,
  };
}
