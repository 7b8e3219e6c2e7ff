import type { ChildProcess } from 'node:child_process';

import { type Ended, ended, until } from './cluster.ts';

/** A command that still runs, with what it has said so far. */
export interface Watched {
  child: ChildProcess;
  /** Standard output and error together, in the order in which they came. */
  said(): string;
  /** Waits until it has said something like this. */
  says(pattern: RegExp, seconds?: number): Promise<string>;
  end: Promise<Ended>;
}

/** Collects what a command says; its standard input ends at once unless `keepInput` says that more will come. */
export function watch(child: ChildProcess, { keepInput = false } = {}): Watched {
  let text = '';
  const add = (data: Buffer): void => {
    text += data.toString();
  };
  child.stdout?.on('data', add);
  child.stderr?.on('data', add);
  const end = ended(child);
  if (!keepInput) child.stdin?.end();
  return {
    child,
    said: () => text,
    says: (pattern, seconds) =>
      until(
        `output like ${pattern}`,
        async () => text,
        (all) => pattern.test(all),
        seconds,
      ),
    end,
  };
}
