import { queryAccounting } from '../../slurm/accounting.ts';
import { queryUserJobs } from '../../slurm/user-jobs.ts';
import { arraysByMarker } from '../../store/build-arrays.ts';
import { unfinishedInstances } from '../../store/instances.ts';
import type { BuildSite } from '../build-site.ts';
import type { Difference } from './difference.ts';

/** The job name of an array, see `recordRebuild`. */
const markerPattern = /^ctmgr-\d{4}-\d\d-\d\d\.\d+-[0-9a-f]{20}$/;

/**
 * Unfinished builds against Slurm: jobs of ours of which the database does not know, and arrays of which neither slurmctld
 * nor slurmdbd knows. `problems`: what did not answer, so that nothing can be said. Slurm is asked before the database is
 * read: what is submitted meanwhile is no stranger.
 */
export async function compareJobs(site: BuildSite): Promise<{ differences: Difference[]; problems: string[] }> {
  const queue = await queryUserJobs(site.slurm, site.builder.name);
  if (!queue.ok) return { differences: [], problems: [queue.message] };
  // The account may build for another site as well.
  const ours = queue.jobs.filter(
    ({ name, workDir }) => markerPattern.test(name) && workDir.startsWith(`${site.paths.tasks}/`),
  );
  const arrays = await arraysByMarker(
    site.store,
    ours.map(({ name }) => name),
  );
  const differences: Difference[] = [];
  for (const { jobId, name } of ours) {
    const array = arrays.get(name);
    // Without an id the answer of sbatch is still awaited.
    if (array !== undefined && (array.job_id === null || array.job_id === jobId)) continue;
    const detail = array === undefined ? `the database knows no array ${name}` : `doubles the array ${array.job_id}`;
    differences.push({ kind: 'foreign-job', subject: String(jobId), detail, fix: `scancel ${jobId}` });
  }
  const queued = new Set(queue.jobs.map(({ jobId }) => jobId));
  const open = new Map<number, string>();
  for (const { job_id, tag } of await unfinishedInstances(site.store)) {
    if (job_id !== null && !queued.has(job_id)) open.set(job_id, tag);
  }
  if (open.size === 0) return { differences, problems: [] };
  const accounting = await queryAccounting(site.slurm, [...open.keys()]);
  if (!accounting.ok) return { differences, problems: [accounting.message] };
  for (const { arrayJobId } of accounting.elements) open.delete(arrayJobId);
  for (const [jobId, tag] of open) {
    const detail = `neither slurmctld nor slurmdbd knows the job array of ${tag}`;
    const fix = `ctmgr poll gives it up after ${site.config.poll.lost_after} s, and takes reports that still come`;
    differences.push({ kind: 'array-unknown', subject: String(jobId), detail, fix });
  }
  return { differences, problems: [] };
}
