import type { CatalogueImage } from '../builds/catalogue-format.ts';
import type { TimedBuild } from '../builds/estimate-end.ts';
import { waitingHint } from '../builds/waiting-hint.ts';
import type { Instance } from '../store/instances.ts';

/** A build as progress shows it, whether it comes from the database or from the catalogue. */
export interface ProgressRow extends TimedBuild {
  tag: string;
  failure_kind: string | null;
  message: string | null;
  reason: string | null;
  node: string | null;
  job: string | null;
  class: string | null;
}

/** From the database. */
export function rowOfInstance(instance: Instance): ProgressRow {
  const { name, tag, status, failure_kind, message, reason, node, started_at, ended_at, job_id } = instance;
  const job = job_id === null ? null : `${job_id}_${instance.array_index}`;
  const times = { started: started_at, ended: ended_at };
  return { name, tag, status, failure_kind, message, reason, node, job, class: instance.class, ...times };
}

/** From the catalogue. */
export function rowOfImage(image: CatalogueImage): ProgressRow {
  const { name, tag, status, failure_kind, message, reason, node, job, started, ended } = image;
  return { name, tag, status, failure_kind, message, reason, node, job, class: image.class, started, ended };
}

/** What somebody has to do so that a waiting build can start; undefined if it waits for its turn only. */
export function hintFor({ status, reason, job, class: name }: ProgressRow): string | undefined {
  return status === 'queued' && reason !== null ? waitingHint(reason, job, name) : undefined;
}

/** The hints of builds, one for each reason: `3 images wait (app, …): JobHeldUser: …`. */
export function hintLines(rows: readonly ProgressRow[]): string[] {
  const stuck = rows.filter((row) => hintFor(row) !== undefined);
  return [...Map.groupBy(stuck, ({ reason, class: name }) => `${reason} ${name}`).values()].map((members) => {
    const [first] = members;
    const who = members.length === 1 ? `${first?.name} waits` : `${members.length} images wait (${first?.name}, …)`;
    return `${who}: ${first === undefined ? '' : hintFor(first)}`;
  });
}
