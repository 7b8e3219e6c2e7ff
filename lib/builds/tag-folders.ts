import { join } from 'node:path';

import type { Paths } from '../config/paths.ts';
import type { Instance } from '../store/instances.ts';

type ImagePlace = { tag: string; name: string; group: string | null };
type InstancePlace = Pick<Instance, 'tag' | 'name' | 'task_index'>;
type ArrayPlace = { tag: string; marker: string };

/** Where the images of a group, or those of everybody, lie. */
export interface Place {
  folder: string;
  builds: string;
  logs: string;
  current: string;
  catalogue: string;
}

/** The share itself for what everybody may read; `private/GROUP` with the same layout for one group's own. */
export function placeOf(paths: Paths, group: string | null): Place {
  const { share: folder, builds, logs, current, catalogue } = paths;
  if (group === null) return { folder, builds, logs, current, catalogue };
  const own = join(paths.private, group);
  return {
    folder: own,
    builds: join(own, 'builds'),
    logs: join(own, 'logs'),
    current: join(own, 'current'),
    catalogue: join(own, 'catalog.json'),
  };
}

/** The image file of an instance; it exists only when it is complete. */
export function imageFile(paths: Paths, { tag, name, group }: ImagePlace): string {
  return join(placeOf(paths, group).builds, tag, `${name}.sif`);
}

/** Where an instance's standard output and standard error are logged. */
export function logFiles(paths: Paths, { tag, name, group }: ImagePlace): { out: string; err: string } {
  const folder = join(placeOf(paths, group).logs, tag);
  return { out: join(folder, `${name}.log`), err: join(folder, `${name}.err`) };
}

/** The list of packages in an image (`package-list.ts`), beside its logs and for as long as they are kept. */
export function packagesFile(paths: Paths, instance: ImagePlace): string {
  return logFiles(paths, instance).out.replace(/\.log$/, '.packages');
}

/** What an array element needs: recipe.def, context, task.env, and the links that Slurm writes the logs through. */
export function taskFolder(paths: Paths, instance: InstancePlace): string {
  return join(paths.tasks, instance.tag, String(instance.task_index));
}

/** A link that the element makes when it starts (symlink(2) is atomic); it names the job, so that no image is built twice. */
export function claimLink(paths: Paths, instance: InstancePlace): string {
  return join(taskFolder(paths, instance), 'claim');
}

/** What the element reports, see `BuildResult`. */
export function resultFile(paths: Paths, instance: InstancePlace): string {
  return join(paths.results, instance.tag, `${instance.task_index}.json`);
}

/**
 * An array's own view of the tag's tasks: a link for each of its indices. Tasks are numbered through a tag, array
 * indices through an array, because Slurm limits the index and not the number of elements (MaxArraySize).
 */
export function arrayFolder(paths: Paths, array: ArrayPlace): string {
  return join(paths.tasks, array.tag, array.marker);
}
