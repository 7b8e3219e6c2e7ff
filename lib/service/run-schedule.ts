import type { BuildSite } from '../builds/build-site.ts';
import { planRecipes, startRebuild } from '../builds/rebuild.ts';
import { selectRecipes } from '../builds/select-recipes.ts';
import { type BuildTag, listBuildTags } from '../store/build-tags.ts';
import { unfinishedInstances } from '../store/instances.ts';
import {
  claimSchedule,
  findScheduleState,
  recordScheduleRun,
  type ScheduleState,
  setScheduleDue,
} from '../store/schedules.ts';
import type { ScheduleResult } from '../store/schema.ts';
import { epochSeconds } from '../util/clock.ts';
import { CtmgrError, errorText } from '../util/errors.ts';
import { isAlive, processIdentity } from '../util/process-identity.ts';
import { nextRun } from './next-runs.ts';
import { type Schedule, scheduleActor } from './schedules.ts';

/** Seconds after its time until a run counts as missed; a service that is started anew does not miss one. */
const missedAfter = 60;

export interface RunOutcome {
  result: ScheduleResult;
  message: string | null;
  /** The tag that was started; null also if there was nothing to build. */
  tag: string | null;
}

/** What is said of a run of what has changed, if nothing has. */
const nothingToDo = 'nothing has changed, so nothing is built';

/**
 * Runs a schedule if it is due; undefined if it is not. A time that passed while nothing could run it is made up once,
 * however many times passed, or left out, as `schedule.missed` says. A schedule that is new, or whose expression or time
 * zone was changed, begins now. Slurm that does not answer is asked again at the next call.
 */
export async function runIfDue(site: BuildSite, schedule: Schedule): Promise<RunOutcome | undefined> {
  const state = await findScheduleState(site.store, schedule.name);
  if (state === undefined || state.cron !== schedule.cron || state.time_zone !== schedule.timeZone) {
    await setScheduleDue(site.store, schedule, await nextRun(schedule));
    return undefined;
  }
  const now = epochSeconds();
  if (state.due_at > now) return undefined;
  const began = state.last_result === 'waiting' && (state.last_at ?? 0) >= state.due_at;
  if (schedule.missed === 'skip' && !began && now - state.due_at > missedAfter) {
    return finish(site, schedule, { result: 'missed', message: 'nothing ran when it was due', tag: null });
  }
  return runSchedule(site, schedule, state.due_at);
}

/**
 * Starts a schedule's rebuild now, unless the tag that it started last is unfinished, or another process is just doing it.
 * `dueAt` is the time, in seconds since the epoch, that it stands for: a tag that was made since then for this schedule is
 * this run, which a crash has kept from being written down. Never throws for what keeps the rebuild from starting.
 */
export async function runSchedule(site: BuildSite, schedule: Schedule, dueAt?: number): Promise<RunOutcome> {
  if (!(await claim(site, schedule))) {
    return { result: 'overlap', message: 'another process is starting it', tag: null };
  }
  return finish(site, schedule, await attempt({ ...site, actor: scheduleActor(schedule.name) }, schedule, dueAt));
}

async function claim(site: BuildSite, schedule: Schedule): Promise<boolean> {
  const own = processIdentity();
  const runner = await site.store.transaction().execute(async (db): Promise<ScheduleState['runner']> => {
    const state = await findScheduleState(db, schedule.name);
    if (state === undefined) await setScheduleDue(db, schedule, await nextRun(schedule));
    return state?.runner ?? null;
  });
  if (runner !== null && runner !== own && isAlive(runner)) return false;
  return claimSchedule(site.store, schedule.name, runner, own);
}

async function attempt(site: BuildSite, schedule: Schedule, dueAt: number | undefined): Promise<RunOutcome> {
  try {
    const tags = (await listBuildTags(site.store)).filter((tag) => tag.created_by === site.actor);
    const started = tags.find((tag) => dueAt !== undefined && tag.created_at >= dueAt);
    if (started !== undefined) return { result: 'started', message: null, tag: started.name };
    const unfinished = await unfinishedOf(site, tags);
    if (unfinished !== undefined) {
      return { result: 'overlap', message: `${unfinished.name}, which it started before, is not finished`, tag: null };
    }
    const names = await selectRecipes(site.store, site.config.build.class, schedule);
    const ask = site.slurm.interrupted ?? new AbortController().signal;
    const plan = await planRecipes(site, names, { changed: schedule.changed, ask });
    if (plan.arrays.length === 0) {
      return { result: 'started', message: [nothingToDo, ...plan.problems].join('; '), tag: null };
    }
    const { tag, reports } = await startRebuild(site, plan.arrays, () => undefined, schedule.hold);
    const refused = reports.filter(({ kind }) => kind !== 'submitted' && kind !== 'waits');
    const problems = [...plan.problems, ...refused.map(({ message }) => message)];
    return { result: 'started', message: problems.length === 0 ? null : problems.join('; '), tag: tag.name };
  } catch (error) {
    const isSlurm = error instanceof CtmgrError && error.code === 'unavailable';
    const why = error instanceof CtmgrError && error.why !== undefined ? `: ${error.why}` : '';
    return { result: isSlurm ? 'waiting' : 'failed', message: `${errorText(error)}${why}`, tag: null };
  }
}

/** Writes the outcome down; one that waits for Slurm stays due. */
async function finish(site: BuildSite, schedule: Schedule, outcome: RunOutcome): Promise<RunOutcome> {
  const next = await nextRun(schedule);
  await site.store.transaction().execute(async (db) => {
    const tag = (await listBuildTags(db)).find(({ name }) => name === outcome.tag);
    const { result, message } = outcome;
    await recordScheduleRun(db, schedule.name, { at: epochSeconds(), result, message, tagId: tag?.id ?? null });
    if (result !== 'waiting') await setScheduleDue(db, schedule, next);
  });
  return outcome;
}

/** A tag of the schedule whose builds are still under way, perhaps since before a restart. */
async function unfinishedOf({ store }: BuildSite, tags: BuildTag[]): Promise<BuildTag | undefined> {
  const open = new Set((await unfinishedInstances(store)).map((instance) => instance.build_tag_id));
  return tags.find(({ id }) => open.has(id));
}
