import { epochSeconds } from '../util/clock.ts';
import type { SlurmTools } from './slurm-tools.ts';
import { askSacct, type JobRecord, type JobRecords } from './used-containers.ts';

const day = 86_400;
/** An answer with more records than this makes the next question cover less time, one with far fewer, more. */
const wantedRecords = 20_000;

/**
 * The records of jobs and steps since `from` (seconds since the epoch) for which `keep` is true, oldest first. A busy site has
 * millions of jobs in a month, and slurmdbd looks up the steps of each with a question of its own, so that one sacct for all of them would
 * take minutes and gigabytes: it is asked for parts of the time, and what is not kept is forgotten at once. `ok: false`: nothing was
 * learnt.
 */
export async function queryJobHistory(
  slurm: SlurmTools,
  from: number,
  keep: (record: JobRecord) => boolean,
): Promise<JobRecords> {
  const kept = new Map<string, JobRecord>();
  let span = day;
  let hasShrunk = false;
  for (let start = from; ;) {
    // The last part is open, as sacct is without an end.
    const isLast = start + span >= epochSeconds();
    const end = isLast ? [] : [`--endtime=uts${start + span}`];
    const answer = await askSacct(slurm, [`--starttime=uts${start}`, ...end]);
    if (!answer.ok) {
      // Once: it may as well be a slurmdbd that is stuck.
      if (!answer.tooMuch || hasShrunk) return answer;
      hasShrunk = true;
      span = Math.ceil(span / 12);
      continue;
    }
    for (const record of answer.records) {
      if (keep(record)) keepRecord(kept, record);
    }
    if (isLast) return { ok: true, records: [...kept.values()] };
    start += span;
    if (answer.records.length > wantedRecords) span = Math.max(600, Math.ceil(span / 2));
    else if (answer.records.length < wantedRecords / 4 && !hasShrunk) span *= 2;
  }
}

/** A job is in every part of the time that it spans, and was submitted when the first of them says. */
function keepRecord(kept: Map<string, JobRecord>, record: JobRecord): void {
  const key = `${record.job}.${record.step ?? ''} ${record.user}`;
  const submitted = kept.get(key)?.submitted;
  kept.set(
    key,
    submitted === undefined ? record : { ...record, submitted: Math.min(submitted, record.submitted ?? submitted) },
  );
}
