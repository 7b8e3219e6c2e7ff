/** What overlays can select by, as far as a reference tells it; null where it does not. */
export interface BaseFacts {
  distribution: string | null;
  packageManager: string | null;
}

const packageManagers: Record<string, string> = {
  debian: 'apt',
  ubuntu: 'apt',
  centos: 'yum',
  rockylinux: 'dnf',
  rocky: 'dnf',
  almalinux: 'dnf',
  fedora: 'dnf',
  oraclelinux: 'dnf',
  amazonlinux: 'dnf',
  alpine: 'apk',
  archlinux: 'pacman',
  opensuse: 'zypper',
};

/**
 * Guesses distribution and package manager of a base image from a component of its reference (the last one that is the
 * name of a distribution), which is how the official images are named. An admin corrects a wrong or missing guess with `ctmgr base set`.
 */
export function guessBaseFacts(reference: string): BaseFacts {
  const repository = reference.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  const components = repository.toLowerCase().split('/');
  const distribution = components.toReversed().find((component) => Object.hasOwn(packageManagers, component));
  if (distribution === undefined) return { distribution: null, packageManager: null };
  return { distribution, packageManager: packageManagers[distribution] ?? null };
}
