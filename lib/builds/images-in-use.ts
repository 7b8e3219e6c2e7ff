import { activeJobTexts } from '../slurm/job-texts.ts';
import { queryJobRecords } from '../slurm/used-containers.ts';
import { listMeanings } from '../store/name-meanings.ts';
import type { ImageOnDisk } from '../store/removals.ts';
import { CtmgrError } from '../util/errors.ts';
import type { BuildSite } from './build-site.ts';
import { usesOf } from './image-uses.ts';
import { namedImages } from './plan-removal.ts';
import { sharePaths } from './share-paths.ts';

/**
 * The images that waiting and running jobs and steps name, as `NAME:TAG` and `NAME@HEX`. A bare name is what it meant when the
 * job was submitted; where nobody can tell, every image of it that was there. Throws 69 unless slurmctld and slurmdbd say it all.
 */
export async function imagesInUse(site: BuildSite, images: readonly ImageOnDisk[]): Promise<Set<string>> {
  const jobs = await activeJobTexts(site.slurm, site.config.gc.job_scripts);
  if (!jobs.ok) throw silent(jobs.message);
  const answer = await queryJobRecords(site.slurm, jobs.jobIds);
  if (!answer.ok) throw silent(answer.message);
  const named = namedImages(jobs.texts);
  const active = answer.records.filter(({ phase, provisional }) => phase !== 'ended' || provisional === true);
  const meanings = Map.groupBy(await listMeanings(site.store), ({ name }) => name);
  const builds = Map.groupBy(images, ({ name }) => name);
  const uses = usesOf(active, await sharePaths(site.paths), (name) => ({
    meanings: meanings.get(name) ?? [],
    builds: builds.get(name) ?? [],
  }));
  for (const { name, tag, sha256, record } of uses) {
    if (tag !== undefined) named.add(`${name}:${tag}`);
    else if (sha256 !== undefined) named.add(`${name}@${sha256}`);
    if (tag !== undefined || sha256 !== undefined) continue;
    for (const image of builds.get(name) ?? []) {
      if (image.builtAt <= (record.submitted ?? Infinity)) named.add(`${name}:${image.tag}`);
    }
  }
  return named;
}

function silent(why: string): CtmgrError {
  return new CtmgrError('unavailable', 'Slurm does not say which images jobs name, so nothing may be deleted', {
    why,
    hint: 'scontrol ping; sacct; then the same command again',
  });
}
