import type { BuiltImage } from '../inside/built-image.ts';

/**
 * What differs between an image that Docker's rules give and the one that Apptainer has built, one entry each; what may differ is
 * named below with its reason.
 */
export function compareImages(name: string, wanted: BuiltImage, found: BuiltImage): string[] {
  const allowed = (path: string): boolean => mayDiffer[name]?.test(path) ?? false;
  return [
    ...differences(wanted.tree, found.tree).filter((each) => !allowed(each.split('\n')[0] as string)),
    ...differences(wanted.environment, ownEnvironment(found, wanted.environment)),
    ...differences(wanted.labels, ownLabels(found)),
    ...differences(Object.fromEntries(wanted.runs.entries()), Object.fromEntries(found.runs.entries())),
  ];
}

function differences(wanted: Record<string, string>, found: Record<string, string>): string[] {
  const keys = [...new Set([...Object.keys(wanted), ...Object.keys(found)])].toSorted();
  return keys
    .filter((key) => wanted[key] !== found[key])
    .map((key) => `${key}\n  Docker: ${wanted[key] ?? 'none'}\n  ctmgr:  ${found[key] ?? 'none'}`);
}

/** Files that are otherwise, by fixture. */
const mayDiffer: Record<string, RegExp> = {
  // buildah leaves the folder above a mount point, BuildKit takes away all that it has made (executor/stubs.go).
  mounts: /^\/deep\/er$/,
  secret: /^\/(etc\/deep|run\/secrets)$/,
  // The image is read-only, so what a job binds over a VOLUME needs a directory there.
  config: /^\/data[12]$|^\/data 3$/,
  // Apptainer makes the directories that containers mount things over; buildah takes rights from the root folder.
  'copy-from-patterns': /^\/((dev|proc|sys)?)$/,
  scratch: /^\/((dev|home|proc|root|sys|tmp|var|var\/tmp)?)$/,
  // A shell that changes into a WORKDIR through a link keeps the link's name in `pwd`.
  workdir: /^\/3$/,
  // Apptainer unpacks a base image as one user and notes owners aside, where programs that write a file anew do not see them.
  debian: /^\/etc\/g?shadow-?$/,
};

/** Apptainer gives these to every container; none is of the image. Where the image has a value of its own, that one counts. */
const fromApptainer = /^(APPTAINER_\w+|SINGULARITY_\w+|HOME|LANG|PROMPT_COMMAND|PS1|PWD|USER_PATH|LD_LIBRARY_PATH)$/;

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
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !/^org\.(?:label-schema|ctmgr)\./.test(name)));
}
