import type { ScheduleState } from '../../store/schedules.ts';
import { formatTime } from '../../util/clock.ts';
import type { Schedule } from '../schedules.ts';
import { type Finding, findingsOf } from './finding.ts';

/** How the last run of each schedule went: one that could not start makes no build tag, about which anybody would get a notice. */
export function checkSchedules(schedules: Schedule[], states: ScheduleState[]): Finding[] {
  return schedules.flatMap(({ name }) => {
    const state = states.find((one) => one.name === name);
    if (state?.last_result === undefined || state.last_result === null || state.last_at === null) return [];
    const found = findingsOf('schedule', name);
    const when = formatTime(state.last_at);
    if (state.last_result === 'failed') {
      return [found.problem(`could not start at ${when}: ${state.last_message}`, `ctmgr schedule --run ${name}`)];
    }
    if (state.last_result === 'started') return [found.ok(`started at ${when}`)];
    return [found.warning(`${state.last_result} at ${when}: ${state.last_message}`, 'ctmgr schedule; ctmgr status')];
  });
}
