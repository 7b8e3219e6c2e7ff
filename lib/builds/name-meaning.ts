/** That a name meant the build of a tag for some time, in seconds since the epoch; `until` null is until now. */
export interface Meaning {
  tag: string;
  from: number;
  until: number | null;
}

/**
 * A submission resolves the name a moment before Slurm writes its time down, and the clocks of two hosts differ: so close to a
 * change nobody can tell which image it was.
 */
const margin = 2;

/** The tag that a name meant for what was submitted at `time`; undefined where that is not known. Pure. */
export function meantAt(meanings: readonly Meaning[], time: number): string | undefined {
  const holds = ({ from, until }: Meaning, at: number): boolean => from <= at && (until === null || at < until);
  const meant = meanings.find((meaning) => holds(meaning, time));
  return meant !== undefined && holds(meant, time - margin) && holds(meant, time + margin) ? meant.tag : undefined;
}
