import { hostname } from 'node:os';

import type { BuildSite } from '../builds/build-site.ts';
import { type BuildTag, listBuildTags } from '../store/build-tags.ts';
import type { NoticeChannel } from '../store/schema.ts';
import { renewNotices } from '../store/image-gates.ts';
import {
  claimNotice,
  openNotices,
  recordTagEnd,
  settleNotice,
  type TagNotice,
  unseenEnds,
} from '../store/tag-notices.ts';
import { epochSeconds } from '../util/clock.ts';
import { isAlive, processIdentity } from '../util/process-identity.ts';
import { run } from '../util/run.ts';
import { tagMail } from './tag-mail.ts';
import { type TagMessage, tagMessage } from './tag-message.ts';

/** Seconds to wait after the first, second, … attempt that failed; after the last one the message is given up. */
const pauses = [60, 300, 1800];

/** What became of one attempt to send a message. */
export interface NoticeReport {
  tag: string;
  channel: NoticeChannel;
  state: 'sent' | 'waiting' | 'given-up';
  /** Why it could not be sent. */
  message: string | null;
}

/**
 * Sends what there is to say about tags that have ended, one message for each tag and channel, and none for a tag without
 * failures and recoveries (unless `notify.when` is `always`). That a message is to be sent is recorded with the tag's
 * end, that it was sent right after: a crash before is made up for, a crash while it is sent lets it be sent again with the
 * same `id`. `signal` stops an attempt that is under way. Never throws for what a notifier does.
 */
export async function notifyEnds(site: BuildSite, signal?: AbortSignal): Promise<NoticeReport[]> {
  for (const tag of await unseenEnds(site.store)) await recordEnd(site, tag);
  await site.store.transaction().execute((db) => renewNotices(db, channelsOf(site), epochSeconds()));
  const tags = new Map<number, BuildTag>();
  const reports: NoticeReport[] = [];
  for (const notice of await openNotices(site.store, epochSeconds())) {
    if (signal?.aborted === true) break;
    if (notice.state === 'sending' && notice.sender !== null && isAlive(notice.sender)) continue;
    if (tags.size === 0) for (const tag of await listBuildTags(site.store)) tags.set(tag.id, tag);
    const tag = tags.get(notice.build_tag_id);
    if (tag === undefined || !(await claimNotice(site.store, notice, processIdentity()))) continue;
    reports.push(await attempt(site, tag, notice, signal));
  }
  return reports;
}

async function recordEnd(site: BuildSite, tag: BuildTag): Promise<void> {
  const { failed, recovered } = await tagMessage(site, tag);
  const worth = site.config.notify.when === 'always' || failed.length > 0 || recovered.length > 0;
  const channels = worth ? channelsOf(site) : [];
  await site.store.transaction().execute((db) => recordTagEnd(db, tag.id, channels, epochSeconds()));
}

function channelsOf({ config }: BuildSite): NoticeChannel[] {
  const { exec, mail_to } = config.notify;
  return [...(exec === undefined ? [] : ['exec' as const]), ...(mail_to.length === 0 ? [] : ['mail' as const])];
}

async function attempt(
  site: BuildSite,
  tag: BuildTag,
  notice: TagNotice,
  signal: AbortSignal | undefined,
): Promise<NoticeReport> {
  const { channel, attempts } = notice;
  const message = await tagMessage(site, tag);
  const problem = await send(site, channel, message, attempts + 1, signal);
  const pause = pauses[attempts];
  const state = problem === null ? 'sent' : pause === undefined ? 'given-up' : 'waiting';
  await settleNotice(site.store, notice, { state, nextAt: epochSeconds() + (pause ?? 0), message: problem });
  return { tag: tag.name, channel, state, message: problem };
}

/** Null if the channel's program took the message, else why not. */
async function send(
  { config }: BuildSite,
  channel: NoticeChannel,
  message: TagMessage,
  number: number,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const { exec, mail_to, mail_from, sendmail, timeout } = config.notify;
  if (channel === 'exec' && exec === undefined) return 'notify.exec is not set any more';
  if (channel === 'mail' && mail_to.length === 0) return 'notify.mail_to is not set any more';
  const [program, args, input] =
    channel === 'exec' && exec !== undefined
      ? [exec[0], exec.slice(1), `${JSON.stringify({ ...message, attempt: number })}\n`]
      : [sendmail, ['-i', '--', ...mail_to], tagMail(message, mail_to, mail_from, hostname())];
  const result = await run(program, args, {
    input,
    killAfter: timeout * 1000,
    once: true,
    ...(signal === undefined ? {} : { cancel: signal }),
  });
  if (result.spawnError !== undefined) return `${program} could not be started: ${result.spawnError}`;
  if (result.timedOut) return `${program} did not end within ${timeout} s and was killed`;
  if (result.exitCode === 0) return null;
  const end = result.signal === undefined ? `exit code ${result.exitCode}` : `signal ${result.signal}`;
  const words = result.stderr.trim().split('\n').slice(-3).join('; ').slice(0, 500);
  return `${program} ended with ${end}${words === '' ? '' : `: ${words}`}`;
}
