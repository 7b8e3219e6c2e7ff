import type { Context } from '../commands/context.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { pathsOf } from '../config/paths.ts';
import type { Caller } from '../config/rights.ts';
import type { Store } from '../store/open.ts';
import { makeTerminal } from './terminal.ts';

/** A context and the function that gives back what it opened. */
export interface OwnedContext {
  context: Context;
  release(): Promise<void>;
}

/** Makes the context of one call. The first interrupt is told to the command, the second one ends the process. */
export function makeContext(loaded: LoadedConfig, caller: Caller): OwnedContext {
  const paths = pathsOf(loaded.config);
  const interrupt = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (interrupt.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
    interrupt.abort(signal);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  let opened: Promise<Store> | undefined;
  const context: Context = {
    config: loaded.config,
    loaded,
    paths,
    caller,
    // Loaded late, because users' commands never need it and it is half of the start-up time.
    store: () => (opened ??= import('../store/open.ts').then(({ openStore }) => openStore(paths.database))),
    terminal: makeTerminal(),
    interrupted: interrupt.signal,
  };
  return {
    context,
    async release() {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
      const store = await opened?.catch(() => undefined);
      await store?.destroy();
    },
  };
}
