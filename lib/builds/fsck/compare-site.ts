import { existsSync } from 'node:fs';

import { CtmgrError } from '../../util/errors.ts';
import type { BuildSite } from '../build-site.ts';
import { compareFolders } from './compare-folders.ts';
import { compareImages } from './compare-images.ts';
import { compareJobs } from './compare-jobs.ts';
import { compareCatalogues, compareLinks } from './compare-published.ts';
import type { Difference } from './difference.ts';

/**
 * Compares database, disk and Slurm. Changes nothing. Throws CtmgrError `unavailable` if the share is not there: then
 * every image would seem to be missing.
 */
export async function compareSite(
  site: BuildSite,
  hash: boolean,
): Promise<{ differences: Difference[]; problems: string[] }> {
  const { share, builds } = site.paths;
  if (!existsSync(builds)) {
    throw new CtmgrError('unavailable', `the share ${share} is not there`, {
      why: `${builds} does not exist`,
      hint: 'mount it; on a new site: ctmgr init',
    });
  }
  const differences = [
    ...(await compareImages(site, hash)),
    ...(await compareLinks(site)),
    ...(await compareCatalogues(site)),
    ...(await compareFolders(site)),
  ];
  const jobs = await compareJobs(site);
  return { differences: [...differences, ...jobs.differences], problems: jobs.problems };
}
