import { expect, test } from '@jest/globals';

import { tagMail } from '../../lib/service/tag-mail.ts';
import type { TagMessage } from '../../lib/service/tag-message.ts';

const message: TagMessage = {
  schema: 1,
  id: '2026-11-22.1',
  tag: '2026-11-22.1',
  by: 'schedule:nightly',
  started: 1_795_375_200,
  ended: 1_795_376_100,
  held: false,
  counts: { success: 3, failure: 1, cancelled: 0, lost: 0 },
  failed: [],
  recovered: [],
  gated: [],
};

function mail(why: string, to = ['root']): { lines: string[]; body: string[] } {
  const failure = { name: 'app', status: 'failure', failure_kind: 'build', node: 'b1', logs: [], current: null };
  const lines = tagMail({ ...message, failed: [{ ...failure, message: why }] }, to, undefined, 'mgmt').split('\n');
  return { lines, body: lines.slice(lines.indexOf('') + 1) };
}

test.each([
  ['one word', 'ü✓😀'.repeat(1000)],
  ['many words', 'größer ✓ '.repeat(1000)],
  ['one word after a short one', `see ${'x'.repeat(5000)}`],
])('a message of %s that is longer than mailers take is folded, and nothing of it is lost', (_what, why) => {
  const { lines, body } = mail(why);
  expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(998);
  expect(lines.join('\n')).not.toContain('\u{FFFD}');
  expect(body.join('').replaceAll(' ', '')).toContain(why.replaceAll(' ', ''));
});

test('neither a line of one dot nor a header nor a control character comes from a message', () => {
  const { lines, body } = mail('.\r\n.\r\n\r\nBcc: all@example.org\u0000\u001B[31m');
  expect(lines.filter((line) => line === '.' || line.startsWith('Bcc'))).toEqual([]);
  expect(body.join('\n')).toContain(
    'app: failure (build) on b1: .\\r\\n.\\r\\n\\r\\nBcc: all@example.org\\u0000\\u001b[31m',
  );
});

test('many recipients are one folded header', () => {
  const to = Array.from({ length: 200 }, (_, i) => `admin-${i}@example.org`);
  const { lines } = mail('boom', to);
  const [header = ''] = lines.join('\n').replaceAll('\n ', ' ').split('\n');
  expect(header).toBe(`To: ${to.join(', ')}`);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(998);
});
