import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { readText } from '../../lib/definitions/read-text.ts';

const folder = mkdtempSync(join(tmpdir(), 'ctmgr-text-'));
const file = join(folder, 'Dockerfile');
afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string): Promise<string> {
  writeFileSync(file, Buffer.from(text, 'latin1'));
  return readText(file, 'Dockerfile');
}

test('what is not UTF-8 may stand in comments', async () => {
  expect(await read('FROM a\n  # Gr\xfc\xdfe\nRUN x\n')).toMatch(/^FROM a\n {2}# Gr.+e\nRUN x\n$/);
});

test.each([
  ['FROM a\n# \xfc\nRUN echo \xfc', 3],
  ['FROM a\nRUN <<E\n# \xfc\nE', 3],
])('elsewhere it is refused with its line: %j', async (text, line) => {
  await expect(read(text)).rejects.toThrow(`${file} line ${line}: is not UTF-8 text [bad-character]`);
});
