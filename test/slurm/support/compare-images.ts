import type { BuiltImage } from '../inside/built-image.ts';

/**
 * What differs between an image that Docker's rules give and the one that Apptainer has built, one entry each; what may differ is
 * named below with its reason.
 */
export function compareImages(wanted: BuiltImage, found: BuiltImage): string[] {
  return [
    ...differences(wanted.tree, found.tree),
    ...differences(wanted.environment, ownEnvironment(found, wanted.environment)),
    ...differences(wanted.labels, ownLabels(found)),
    ...differences({ ...wanted.runs }, { ...found.runs }),
  ];
}

function differences(wanted: Record<string, string>, found: Record<string, string>): string[] {
  const keys = [...new Set([...Object.keys(wanted), ...Object.keys(found)])].toSorted();
  return keys
    .filter((key) => wanted[key] !== found[key])
    .map((key) => `${key}\n  Docker: ${wanted[key] ?? 'none'}\n  ctmgr:  ${found[key] ?? 'none'}`);
}

/** Apptainer gives these to every container; none is of the image. Where the image has a value of its own, that one counts. */
const fromApptainer =
  /^(APPTAINER_\w+|SINGULARITY_\w+|HOME|LANG|PROMPT_COMMAND|PS1|PWD|USER_PATH|LD_LIBRARY_PATH)$/;

function ownEnvironment({ environment }: BuiltImage, wanted: Record<string, string>): Record<string, string> {
  const own = Object.entries(environment).filter(([name]) => name in wanted || !fromApptainer.test(name));
  // Apptainer appends the directories of programs that PATH lacks, and its folder for bound libraries.
  const missing = /(:\/usr\/local\/sbin|:\/usr\/local\/bin|:\/usr\/sbin|:\/usr\/bin|:\/sbin|:\/bin)+$/;
  return Object.fromEntries(
    own.map(([name, value]) => {
      if (name === 'PATH' && value !== wanted[name]) return [name, value.replace(missing, '')];
      return [name, name === 'LD_LIBRARY_PATH' ? value.replace(/:?\/\.singularity\.d\/libs$/, '') : value];
    }),
  );
}

/** Apptainer's own notes about the build. */
function ownLabels({ labels }: BuiltImage): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !name.startsWith('org.label-schema.')));
}
