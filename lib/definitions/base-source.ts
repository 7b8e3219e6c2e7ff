import { join } from 'node:path';

import { ownImageName, pullReference } from './image-reference.ts';

/** The lines of a definition file that say what a stage starts from. */
export interface BaseSource {
  bootstrap: 'docker' | 'localimage';
  from: string;
}

/** Where a task keeps the images of ours that its definition starts from, seen from the build's working directory. */
export const basesFolder = '../bases';

/** The image as its registry has it. */
export function registrySource(reference: string): BaseSource {
  return { bootstrap: 'docker', from: pullReference(reference) };
}

/** The image as a reader knows it: by its tag, or the current one of ours, for which `folderOf` names the folder. */
export function namedSource(folderOf: (name: string) => string): (reference: string) => BaseSource {
  return (reference) => ownSource(reference, folderOf) ?? registrySource(reference);
}

/**
 * The very image that a build starts from: the one with that digest, or the one that its task has in `basesFolder`. What has no
 * digest in `digests` goes by its tag.
 */
export function exactSource(digests: ReadonlyMap<string, string>): (reference: string) => BaseSource {
  return (reference) => {
    const digest = digests.get(reference);
    const exact = digest === undefined ? reference : `${reference.replace(/@.*$/, '')}@${digest}`;
    return ownSource(reference, () => basesFolder) ?? registrySource(exact);
  };
}

function ownSource(reference: string, folderOf: (name: string) => string): BaseSource | undefined {
  const name = ownImageName(reference);
  return name === undefined ? undefined : { bootstrap: 'localimage', from: join(folderOf(name), `${name}.sif`) };
}
