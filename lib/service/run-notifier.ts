import type { Logger } from 'pino';

import type { BuildSite } from '../builds/build-site.ts';
import { pause } from '../builds/follow.ts';
import { notifyEnds } from './notify.ts';

/** Milliseconds between looks for tags that have ended. */
const lookInterval = 2000;

/** Sends notices until `signal` fires, beside the poller: however long a notifier takes, states move on. Never throws. */
export async function runNotifier(site: BuildSite, log: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for (const { state, ...facts } of await notifyEnds(site, signal)) {
        if (state === 'sent') log.info(facts, 'notice sent');
        else log.warn(facts, state === 'given-up' ? 'notice given up' : 'notice could not be sent; trying again');
      }
    } catch (error) {
      log.error({ err: error }, 'notices could not be sent; trying again');
    }
    await pause(lookInterval, signal);
  }
}
