import { holderOfServiceLock } from '../service/service-lock.ts';
import type { Context } from './context.ts';

/** Says whom a caller waits for who may not submit builds; where no service runs that may be for ever. */
export function tellWait({ terminal, paths }: Context, what: string): void {
  const runs = holderOfServiceLock(paths.state) !== undefined;
  terminal.say(
    runs
      ? `Waiting for \`ctmgr service\`, which submits ${what}.`
      : `No service runs: ${what} waits until root calls \`ctmgr poll\` or starts \`ctmgr service\`.`,
  );
}
