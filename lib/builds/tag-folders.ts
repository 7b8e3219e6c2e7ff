import { join } from 'node:path';

import type { Paths } from '../config/paths.ts';
import type { Instance } from '../store/instances.ts';

type InstancePlace = Pick<Instance, 'tag' | 'name' | 'task_index'>;
type ArrayPlace = { tag: string; marker: string };

/** The image file of an instance; it exists only when it is complete. */
export function imageFile(paths: Paths, { tag, name }: Pick<Instance, 'tag' | 'name'>): string {
  return join(paths.builds, tag, `${name}.sif`);
}

/** Where an instance's standard output and standard error are logged. */
export function logFiles(paths: Paths, { tag, name }: Pick<Instance, 'tag' | 'name'>): { out: string; err: string } {
  return { out: join(paths.logs, tag, `${name}.log`), err: join(paths.logs, tag, `${name}.err`) };
}

/** The list of packages in an image (`package-list.ts`), beside its logs and for as long as they are kept. */
export function packagesFile(paths: Paths, instance: Pick<Instance, 'tag' | 'name'>): string {
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
