import * as v from 'valibot';

const whole = v.pipe(v.number(), v.integer(), v.minValue(0));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const covariates = v.record(v.string(), v.string());

/** What the job writes down about one leg (`record.json`), whatever came of it. */
const legRecord = v.object({
  schema: v.literal(1),
  job_id: whole,
  allocation: whole,
  position: v.pipe(v.number(), v.integer(), v.minValue(-1)),
  leg: v.picklist(['bare', 'container']),
  exit_code: whole,
  started: v.number(),
  ended: v.number(),
  /** How often the benchmark has called `launch`, and how many tasks each call has. */
  launches: whole,
  tasks: whole,
  /** How many tasks have said where they are. */
  proofs: whole,
  /** All different answers: `inside FILE` or `outside none`. */
  places: v.array(v.string()),
  nodes: v.array(v.string()),
  stdout_sha256: sha256,
  stderr_sha256: sha256,
  covariates,
});

const allocationRecord = v.object({
  schema: v.literal(1),
  job_id: whole,
  allocation: whole,
  image_sha256: v.string(),
  covariates,
});

const endRecord = v.object({ schema: v.literal(1), exit_code: whole, message: v.string() });

export type LegRecord = v.InferOutput<typeof legRecord>;
export type AllocationRecord = v.InferOutput<typeof allocationRecord>;
export type EndRecord = v.InferOutput<typeof endRecord>;

/** Each throws if the text is not such a record. */
export const readLegRecord = (text: string): LegRecord => v.parse(legRecord, JSON.parse(text));
export const readAllocationRecord = (text: string): AllocationRecord => v.parse(allocationRecord, JSON.parse(text));
export const readEndRecord = (text: string): EndRecord => v.parse(endRecord, JSON.parse(text));

/** What a leg was to do. */
export interface LegOrder {
  /** The image's file; undefined for a leg on bare metal. */
  image: string | undefined;
  /** Seconds. */
  time: number;
}

/**
 * Why a leg is no result whatever it printed, as a clause for the report; undefined if it may be one. The tasks themselves
 * have to have said that they were where they should be, all of them.
 */
export function legProblem(record: LegRecord, { image, time }: LegOrder): string | undefined {
  const { exit_code, launches, tasks, proofs, places } = record;
  if (exit_code === 124) return `it took longer than ${time} s and was stopped`;
  if (exit_code !== 0) return `it ended with exit code ${exit_code}`;
  if (launches === 0) return 'it did not start its program through launch, so nobody knows where that ran';
  const expected = image === undefined ? 'outside none' : `inside ${image}`;
  const wrong = places.find((place) => place !== expected);
  if (wrong !== undefined) return `it ran ${placeText(wrong)}, not ${placeText(expected)}`;
  if (proofs !== launches * tasks) return `${proofs} of ${launches * tasks} tasks have said where they ran`;
  return undefined;
}

/** True if a program of the leg ended badly by itself, and not because its time was over. */
export function hasFailed({ exit_code }: LegRecord): boolean {
  return exit_code !== 0 && exit_code !== 124;
}

function placeText(place: string): string {
  const file = place.slice(place.indexOf(' ') + 1);
  if (place.startsWith('inside ')) return `inside ${file === 'none' ? 'an unknown image' : file}`;
  return file === 'none' ? 'on bare metal' : `on bare metal (though APPTAINER_CONTAINER says ${file})`;
}
