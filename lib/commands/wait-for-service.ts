import { pause } from '../builds/follow.ts';
import { expectedDurations } from '../store/build-durations.ts';
import { type Instance, instancesOfTag, unfinished } from '../store/instances.ts';
import type { Store } from '../store/open.ts';
import { exitCodes } from '../util/errors.ts';
import type { Context, RecordAnswer } from './context.ts';
import { rowOfInstance } from './progress-row.ts';
import { makeProgressView } from './progress-view.ts';
import { reportRebuild } from './rebuild-report.ts';
import { tellWait } from './tell-wait.ts';

/** Follows a build tag that the service submits and polls, for a caller who may only look on. */
export async function waitForService(
  store: Store,
  context: Context,
  tag: { id: number; name: string },
): Promise<RecordAnswer> {
  tellWait(context, tag.name);
  const read = (): Promise<Instance[]> => instancesOfTag(store, tag.id);
  let instances = await read();
  const view = makeProgressView(context.terminal, instances.map(rowOfInstance), await expectedDurations(store));
  while (instances.some(({ status }) => unfinished.includes(status)) && !context.interrupted.aborted) {
    await pause(context.config.poll.results_interval * 1000, context.interrupted);
    instances = await read();
    view([], instances.map(rowOfInstance));
  }
  context.terminal.settle();
  const report = await reportRebuild({ store, paths: context.paths }, tag);
  return context.interrupted.aborted ? { ...report, exitCode: exitCodes.interrupted } : report;
}
