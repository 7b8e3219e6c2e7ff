import { output } from './cluster.ts';
import type { Site } from './site.ts';

/** Shell texts that must fail for a user, each on something of a site that is not theirs; `tag` has an image `good`. */
export function attacks(site: Site, tag: string): string[] {
  const { share, state } = site;
  return [
    `cat ${state}/ctmgr.db`,
    `ls ${state}`,
    `ls ${state}/contexts`,
    `touch ${state}/ctmgr.db-journal`,
    ...ownedAttacks(site, tag),
    `mv ${share} ${share}-mine`,
  ];
}

/** Those that must fail for admins too: what builds make belongs to the service account alone. */
export function ownedAttacks({ share }: Site, tag: string): string[] {
  const image = `${share}/builds/${tag}/good.sif`;
  return [
    `echo x >>${image}`,
    `chmod u+w ${image}`,
    `rm -f ${image}`,
    `mv ${image} ${image}.old`,
    `touch ${share}/builds/new`,
    `touch ${share}/builds/${tag}/new.sif`,
    `ln -sfn /etc/passwd ${share}/current/good.sif`,
    `rm -f ${share}/current/good.sif`,
    `ln -s /etc/passwd ${share}/current/new.sif`,
    `echo '{}' >${share}/catalog.json`,
    `cp --remove-destination /etc/hostname ${share}/catalog.json`,
    `rm -f ${share}/catalog.json`,
    `ls ${share}/results`,
    `ls ${share}/private`,
    `mkdir ${share}/private/projx`,
    `rm -f ${share}/ctmgr-share`,
    `touch ${share}/results/${tag}/0.json`,
    `touch ${share}/results/${tag}/9.json`,
    `rm -f ${share}/results/${tag}/0.json`,
    `ls ${share}/tasks`,
    `ls ${share}/tasks/${tag}`,
    `ln -s 1 ${share}/tasks/${tag}/0/claim`,
    `touch ${share}/logs/${tag}/new.log`,
    `echo x >>${share}/logs/${tag}/good.log`,
    `touch ${share}/new`,
  ];
}

/** Runs each text in a shell of its own; those that succeeded. */
export async function succeeded(user: string, texts: string[]): Promise<string[]> {
  const loop = 'for text; do if sh -c "$text" >/dev/null 2>&1; then echo "$text"; fi; done';
  const done = await output(['sh', '-c', loop, 'sh', ...texts], { user });
  return done === '' ? [] : done.split('\n');
}
