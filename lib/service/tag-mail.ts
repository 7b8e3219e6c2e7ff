import { formatTime } from '../util/clock.ts';
import { escapeControls } from '../util/escape-controls.ts';
import { foldLine } from './fold-line.ts';
import type { TagMessage } from './tag-message.ts';

/** Most failures that a mail tells one by one. */
const shownFailures = 30;

/**
 * A mail about the end of a tag, with its header, as sendmail(1) takes it. What builds printed is escaped, so that it can
 * neither add a header nor end the mail, and folded, because mailers refuse long lines. The Message-ID is the same whenever it is sent again (RFC 5322, 3.6.4).
 */
export function tagMail(message: TagMessage, to: string[], from: string | undefined, host: string): string {
  const { tag, failed, recovered, gated, counts } = message;
  const facts = [
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
    ...(recovered.length > 0 ? [`${recovered.length} recovered`] : []),
    ...(gated.length > 0 ? [`${gated.length} held by a gate`] : []),
  ];
  const header = [
    ...(from === undefined ? [] : [`From: ${from}`]),
    ...to.map((address, i) => `${i === 0 ? 'To: ' : ' '}${address}${i === to.length - 1 ? '' : ','}`),
    `Subject: ctmgr ${tag}: ${facts.length === 0 ? 'all good' : facts.join(', ')}`,
    `Message-ID: <ctmgr.${message.id}@${host}>`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
  ];
  const numbers = Object.entries(counts).filter(([, count]) => count > 0);
  const body = [
    `Build tag ${tag}, started by ${message.by} at ${formatTime(message.started)}, ended at ${formatTime(message.ended)}:`,
    `${numbers.map(([status, count]) => `${count} ${status}`).join(', ')}.`,
    ...(message.held ? [`It is held: ctmgr publish ${tag}`] : []),
    ...failed
      .slice(0, shownFailures)
      .flatMap(({ name, status, failure_kind, message: why, node, current }) => [
        '',
        `${name}: ${status}${failure_kind === null ? '' : ` (${failure_kind})`}${node === null ? '' : ` on ${node}`}: ${why ?? 'no message'}`,
        `  ${current === null ? 'no image of this name has been published yet' : `${name} means the image of ${current}`}`,
        `  ctmgr logs ${name}:${tag}`,
      ]),
    ...(failed.length > shownFailures ? ['', `and ${failed.length - shownFailures} more: ctmgr status ${tag}`] : []),
    ...gated.flatMap(({ name, gate, message: why }) => ['', `${name}: held by gate ${gate}: ${why}`]),
    ...(gated.length > 0 ? [`  ctmgr bench gate; in spite of it: ctmgr publish ${tag} --message WHY`] : []),
    ...(recovered.length > 0 ? ['', 'Good again:'] : []),
    ...recovered.map(({ name, failed_tag }) => `  ${name}, which failed in ${failed_tag}`),
  ];
  return [...header, '', ...body, ''].flatMap((line) => foldLine(escapeControls(line))).join('\n');
}
