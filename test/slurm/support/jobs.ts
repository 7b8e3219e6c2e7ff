import { exec, output, until } from './cluster.ts';
import type { Site } from './site.ts';

/**
 * The ids of all job arrays that were ever submitted for a site, as slurmctld and slurmdbd know them together. They are
 * told apart by their working folder, which lies on the site's own share.
 */
export async function arraysOf(site: Site): Promise<number[]> {
  const queue = await output(['squeue', '--all', '--noheader', '--states=all', '--format=%i|%Z']);
  const accounting = await output([
    'sacct',
    '--noheader',
    '--allocations',
    '--parsable2',
    '--starttime=now-1hour',
    '--format=JobID,WorkDir',
  ]);
  const ids = new Set<number>();
  for (const line of `${queue}\n${accounting}`.split('\n')) {
    const [id = '', folder = ''] = line.split('|');
    if (folder.startsWith(`${site.share}/`)) ids.add(Number.parseInt(id, 10));
  }
  return [...ids];
}

/**
 * Waits until the batch script of a build is at work. Slurm says RUNNING before that, and what happens to a job in between happens
 * to one that has no log and says nothing at its end.
 */
export async function buildIsAtWork(site: Site, name: string, tag: string): Promise<void> {
  await until(
    `${name} at work`,
    () => exec(['grep', '-q', '^ctmgr: building ', `${site.share}/logs/${tag}/${name}.log`]),
    ({ code }) => code === 0,
  );
}

/** How often a build of this image has started, as its log says. */
export async function buildsOf(site: Site, name: string, tag: string): Promise<number> {
  return Number(await output(['grep', '-c', '^ctmgr: building ', `${site.share}/logs/${tag}/${name}.log`]));
}
