import { output, start } from './cluster.ts';
import type { Site } from './site.ts';
import { watch, type Watched } from './watch.ts';

/** A ctmgr that runs as root and can be sent signals. */
export interface Killable extends Watched {
  signal(name: 'KILL' | 'TERM' | 'INT'): Promise<void>;
}

/** Starts ctmgr; what it says begins with its process id in the cluster. */
export async function startKillable(site: Site, words: string[]): Promise<Killable> {
  const withPid = ['sh', '-c', 'echo "pid $$" >&2; exec ctmgr "$@"', 'sh', ...words];
  const watched = watch(start(withPid, { env: site.env }));
  const [, pid = ''] = /^pid (\d+)/.exec(await watched.says(/^pid \d+\n/)) ?? [];
  return {
    ...watched,
    async signal(name) {
      await output(['kill', '-s', name, pid]);
    },
  };
}

/** Starts a service and waits until it is at work: what asks for one from then on finds it. */
export async function startService(site: Site): Promise<Killable> {
  const service = await startKillable(site, ['service']);
  await service.says(/"service started"/);
  return service;
}
