import type { Config } from '../config/schema.ts';
import type { Paths } from '../config/paths.ts';
import { queryJobHistory } from '../slurm/job-history.ts';
import { CtmgrError } from '../util/errors.ts';
import type { ImageReference } from '../util/names.ts';
import type { Catalogue } from './catalogue-format.ts';
import { mentionsOf } from './image-mentions.ts';
import { type ImageUse, usesOf } from './image-uses.ts';
import { sharePaths } from './share-paths.ts';

/**
 * The jobs and steps since `since` (seconds since the epoch) that used what a reference means, oldest first, of all users whom the
 * caller may see. One of which nobody can tell the build is among them. `builds` are those of the name. Throws 69 if slurmdbd does
 * not answer.
 */
export async function findImageUses(
  { config, paths, interrupted }: { config: Config; paths: Paths; interrupted: AbortSignal },
  wanted: ImageReference,
  builds: Catalogue['images'],
  since: number,
): Promise<ImageUse[]> {
  const slurm = { binDir: config.slurm.bin_dir, timeout: config.slurm.command_timeout * 1000, interrupted };
  const shares = await sharePaths(paths);
  const isWanted = ({ name }: { name: string }): boolean => name === wanted.name;
  const answer = await queryJobHistory(slurm, since, (record) => mentionsOf(record, shares).some(isWanted));
  if (!answer.ok) {
    throw new CtmgrError('unavailable', 'Slurm does not say which jobs there were', {
      why: answer.message,
      hint: answer.tooMuch ? 'a shorter time, for example --since=1d' : 'sacct; if it answers, the same command again',
    });
  }
  const meanings = builds.flatMap(({ tag, meant }) => (meant ?? []).map((period) => ({ tag, ...period })));
  const uses = usesOf(answer.records, shares, (name) => (name === wanted.name ? { meanings, builds } : undefined));
  return uses.filter((use) => isWanted(use) && mayBe(use, wanted));
}

/** Also where nobody can tell which build it was: that is not "another one". */
function mayBe(use: ImageUse, { tag, sha256 }: ImageReference): boolean {
  if (sha256 !== undefined) return use.sha256 === undefined ? use.tag === undefined : use.sha256 === sha256;
  return tag === undefined || use.tag === undefined || use.tag === tag;
}
