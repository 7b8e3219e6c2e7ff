import type { InstanceStatus } from '../store/schema.ts';

/** A build as far as the estimate needs it; times in seconds since the epoch. */
export interface TimedBuild {
  name: string;
  status: InstanceStatus;
  started: number | null;
  ended: number | null;
}

/**
 * When the last of these builds will have ended, if those that wait take the places of those that run, longest first:
 * `expected` is how many seconds each name took the last time; a name without one is taken to need the median of the
 * others and of what has ended here. Undefined while nothing runs, since Slurm decides when that changes, or while
 * nothing is known. Pure.
 */
export function estimateEnd(
  builds: readonly TimedBuild[],
  expected: ReadonlyMap<string, number>,
  now: number,
): number | undefined {
  const usual = median([...builds.flatMap((build) => expected.get(build.name) ?? []), ...durations(builds)]);
  if (usual === undefined) return undefined;
  const seconds = ({ name }: TimedBuild): number => expected.get(name) ?? usual;
  const running = builds.filter(({ status }) => status === 'building');
  const waiting = builds.filter(({ status }) => status === 'pending' || status === 'queued');
  if (running.length === 0) return undefined;
  const places = running.map((build) => Math.max(now, (build.started ?? now) + seconds(build)));
  for (const length of waiting.map(seconds).sort((a, b) => b - a)) {
    const first = places.indexOf(Math.min(...places));
    places[first] = (places[first] ?? now) + length;
  }
  return Math.max(...places);
}

function durations(builds: readonly TimedBuild[]): number[] {
  return builds.flatMap(({ status, started, ended }) =>
    status === 'success' && started !== null && ended !== null ? [ended - started] : [],
  );
}

function median(values: number[]): number | undefined {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
