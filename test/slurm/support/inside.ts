import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';

import type { SiteState } from '../inside/inspect-site.ts';
import type { WatchReport } from '../inside/watch-share.ts';
import { ended, output, start } from './cluster.ts';
import type { Site } from './site.ts';

/** The words that run one of the programs in `inside/` in the cluster, where the checkout is at `/opt/ctmgr`. */
export function insideWords(program: string, args: string[]): string[] {
  const root = '/opt/ctmgr';
  const flags = ['--disable-warning=ExperimentalWarning'];
  return [`${root}/node_modules/node/bin/node`, ...flags, `${root}/test/slurm/inside/${program}.ts`, ...args];
}

/** The whole database and share of a site as they are now. */
export async function inspectSite(site: Site): Promise<SiteState> {
  return JSON.parse(await output(insideWords('inspect-site', [site.share, `${site.state}/ctmgr.db`]))) as SiteState;
}

export interface Reader {
  /** Ends it; says what it has seen. */
  stop(): Promise<WatchReport>;
}

/** Lets a reader look at the share from a compute node all the time, from now on. */
export async function startReader(site: Site): Promise<Reader> {
  const child = start(insideWords('watch-share', [site.share]), { node: 'c2' });
  const end = ended(child);
  // Should the test fail before it stops the reader: nothing waits for it, and it ends when its input does.
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as Socket).unref();
  await Promise.race([once(child.stderr as Readable, 'data'), end]);
  return {
    async stop() {
      child.stdin?.end();
      const { code, stdout, stderr } = await end;
      if (code !== 0) throw new Error(`the reader ended with ${code}: ${stderr}`);
      return JSON.parse(stdout) as WatchReport;
    },
  };
}
