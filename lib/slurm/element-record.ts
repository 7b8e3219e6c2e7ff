import type { ElementId } from './array-indices.ts';
import type { Interpretation } from './job-states.ts';
import type { NoAnswer } from './slurm-tools.ts';

/** What Slurm says about one element of a job array. Absent fields were not given, they are not zero. */
export interface ElementRecord extends Interpretation {
  arrayJobId: number;
  index: number;
  /** To be compared with the submission marker: Slurm uses job ids again. */
  jobName: string;
  /**
   * As Slurm printed it. Up to 25.05 the commands subtract 128 from codes of 128 and more (137 is shown as 9), so the
   * true code is only in the element's own result file (CHANGELOG of Slurm 25.11).
   */
  exitCode?: number;
  signal?: number;
  /** Node name, or Slurm's compressed list of them. */
  node?: string;
  reason?: string;
  /** Seconds since the epoch. A requeue sets `submitted` anew (sacct(1), Submit). */
  submitted?: number;
  started?: number;
  ended?: number;
}

export type ElementsAnswer = { ok: true; elements: ElementRecord[] } | NoAnswer;

type OptionalFields = Pick<ElementRecord, 'node' | 'reason' | 'submitted' | 'started' | 'ended'>;

/** The fields that Slurm may leave open, from its text; times have to be seconds since the epoch. */
export function optionalFields(texts: Record<keyof OptionalFields, string | undefined>): OptionalFields {
  const record: OptionalFields = {};
  for (const key of ['node', 'reason'] as const) {
    const words = texts[key]?.trim() ?? '';
    if (!wordsForNone.has(words)) record[key] = words;
  }
  for (const key of ['submitted', 'started', 'ended'] as const) {
    const seconds = /^\d{1,12}$/.test(texts[key] ?? '') ? Number(texts[key]) : 0;
    if (seconds !== 0) record[key] = seconds;
  }
  return record;
}

const wordsForNone = new Set(['', 'None', 'None assigned', '(null)', 'N/A', 'Unknown', '(None)']);

/** One line of a listing: what it says, and the elements it says it of. */
export interface ListedRow {
  id: ElementId;
  record: Omit<ElementRecord, 'arrayJobId' | 'index'>;
}

/**
 * One record per element. An element can be listed twice: slurmdbd keeps an index in the compressed row of the waiting
 * rest for a moment after the element got a row of its own (seen with 24.11), so a row of its own wins, and of two of
 * those the one that was submitted last. Jobs without an array are left out.
 */
export function elementsOf(rows: readonly ListedRow[]): ElementRecord[] {
  const found = new Map<string, { element: ElementRecord; alone: boolean }>();
  for (const { id, record } of rows) {
    const alone = !id.compressed;
    for (const index of id.indices ?? []) {
      const key = `${id.arrayJobId}_${index}`;
      const other = found.get(key);
      const wins =
        other === undefined ||
        (alone && !other.alone) ||
        (alone === other.alone && (record.submitted ?? 0) > (other.element.submitted ?? 0));
      if (wins) found.set(key, { element: { arrayJobId: id.arrayJobId, index, ...record }, alone });
    }
  }
  return [...found.values()].map(({ element }) => element);
}
