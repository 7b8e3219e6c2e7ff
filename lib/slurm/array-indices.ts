/** Slurm's largest possible index is 4000000 (slurm.conf(5), MaxArraySize): more than that is not an index list. */
const largestIndex = 4_000_000;

/** Whom a listed job id stands for. */
export interface ElementId {
  arrayJobId: number;
  /** Undefined for a job without an array. */
  indices: number[] | undefined;
  /** True for a list in brackets: the elements that do not have a record of their own yet. */
  compressed: boolean;
}

/**
 * The indices that one listed job stands for: `7`, `1,3,5`, `4-10`, `1-99:2`, each with an optional throttle `%2`.
 * Undefined if the text is anything else; above all if Slurm cut it short (`1,3,...`): a part is not the whole.
 */
export function expandIndices(text: string): number[] | undefined {
  const list = /^([0-9,:-]+)(?:%\d+)?$/.exec(text)?.[1];
  if (list === undefined) return undefined;
  const indices = new Set<number>();
  for (const item of list.split(',')) {
    const range = /^(\d{1,7})(?:-(\d{1,7})(?::(\d{1,7}))?)?$/.exec(item);
    if (range === null) return undefined;
    const first = Number(range[1]);
    const last = range[2] === undefined ? first : Number(range[2]);
    const step = range[3] === undefined ? 1 : Number(range[3]);
    if (step === 0 || last < first || last > largestIndex) return undefined;
    for (let index = first; index <= last; index += step) indices.add(index);
  }
  return [...indices];
}

/**
 * Takes apart a job id as sacct and squeue print it: `123_4`, `123_[4-10%2]`, `123`, and `123+1` (part of a heterogeneous
 * job, never an array). Undefined if it is none of these, such as a job step, or if its indices cannot be read.
 */
export function parseElementId(text: string): ElementId | undefined {
  const match = /^(\d{1,10})(?:\+\d+|_(?:(\d+)|\[(.+)\]))?$/.exec(text);
  if (match === null) return undefined;
  const arrayJobId = Number(match[1]);
  const list = match[2] ?? match[3];
  const compressed = match[3] !== undefined;
  if (list === undefined) return { arrayJobId, indices: undefined, compressed };
  const indices = expandIndices(list);
  return indices === undefined ? undefined : { arrayJobId, indices, compressed };
}

/** Indices as `--array` takes them: ascending, runs joined, `1-4,7,9-10`. Indices that appear twice count once. */
export function compactIndices(indices: readonly number[]): string {
  const runs: { first: number; last: number }[] = [];
  for (const index of [...new Set(indices)].sort((a, b) => a - b)) {
    if (!Number.isSafeInteger(index) || index < 0) throw new RangeError(`${index} is not an array index`);
    const run = runs.at(-1);
    if (run !== undefined && run.last === index - 1) run.last = index;
    else runs.push({ first: index, last: index });
  }
  return runs.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}
