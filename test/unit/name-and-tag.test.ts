import { expect, test } from '@jest/globals';

import { nameAndTag } from '../../lib/commands/name-and-tag.ts';

test.each([
  ['app', undefined, { name: 'app', tag: undefined }],
  ['app', '2026-11-22.1', { name: 'app', tag: '2026-11-22.1' }],
  ['app:2026-11-22.1', undefined, { name: 'app', tag: '2026-11-22.1' }],
])('%s %s', (text, tag, meant) => {
  expect(nameAndTag(text, tag)).toEqual(meant);
});

test.each([
  ['app:2026-11-22.1', '2026-11-22.2'],
  ['app:2026-11-22.1', '2026-11-22.1'],
  [`app@sha256:${'a'.repeat(64)}`, undefined],
  ['../app', undefined],
  ['app', 'latest'],
  ['app:latest', undefined],
])('%s %s is refused', (text, tag) => {
  expect(() => nameAndTag(text, tag)).toThrow(expect.objectContaining({ code: 'usage' }));
});
