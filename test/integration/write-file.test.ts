import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { replaceSymlink, writeFileAtomic } from '../../lib/util/write-file.ts';

const flips = 500;
const filling = 'x'.repeat(5000);
const whole = (i: number): string => `HEAD ${i} ${filling} TAIL`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctmgr file's-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A reader in a process of its own, which has begun to read; `end` gives what it has to say. */
async function startReader(path: string): Promise<{ end: Promise<{ changes: number }> }> {
  const program = join(import.meta.dirname, 'support/watch-path.ts');
  const reader = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  let complaint = '';
  reader.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  reader.stderr.setEncoding('utf8').on('data', (part: string) => (complaint += part));
  const closed = once(reader, 'close');
  await Promise.race([once(reader.stdout, 'data'), closed]);
  const end = closed.then(() => {
    if (complaint !== '') throw new Error(complaint);
    return JSON.parse(text.replace('ready\n', '')) as { changes: number };
  });
  return { end };
}

test('a reader of a file that is written anew never misses it and never sees a part of it', async () => {
  const path = join(folder, 'catalog.json');
  await writeFileAtomic(path, whole(0), 0o644);
  const { end } = await startReader(path);
  for (let i = 1; i <= flips; i += 1) await writeFileAtomic(path, whole(i), 0o644);
  await writeFileAtomic(path, 'end', 0o644);
  expect((await end).changes).toBeGreaterThan(1);
  expect(readdirSync(folder)).toEqual(['catalog.json']);
});

test('a reader of a link that is flipped never misses it', async () => {
  const link = join(folder, 'app.sif');
  for (const i of [0, 1]) writeFileSync(join(folder, `${i}`), whole(i));
  writeFileSync(join(folder, 'last'), 'end');
  await replaceSymlink(link, '0');
  const { end } = await startReader(link);
  for (let i = 1; i <= flips; i += 1) await replaceSymlink(link, `${i % 2}`);
  await replaceSymlink(link, 'last');
  expect((await end).changes).toBeGreaterThan(1);
  expect(readlinkSync(link)).toBe('last');
  expect(readdirSync(folder).sort()).toEqual(['0', '1', 'app.sif', 'last']);
});

test('the mode is the one that was asked for, whatever the umask', async () => {
  const path = join(folder, 'file');
  const umask = process.umask(0o077);
  try {
    await writeFileAtomic(path, 'a', 0o644);
  } finally {
    process.umask(umask);
  }
  expect(statSync(path).mode & 0o7777).toBe(0o644);
  await writeFileAtomic(path, 'b', 0o600);
  expect(statSync(path).mode & 0o7777).toBe(0o600);
});

test('a failure leaves the old file and nothing else', async () => {
  const path = join(folder, 'taken');
  mkdirSync(path);
  await expect(writeFileAtomic(path, 'a', 0o644)).rejects.toMatchObject({ code: 'EISDIR' });
  await expect(replaceSymlink(path, 'x')).rejects.toMatchObject({ code: 'EISDIR' });
  await expect(writeFileAtomic(join(folder, 'none/file'), 'a', 0o644)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(readdirSync(folder)).toEqual(['taken']);
});

test('four writers at once: the last one wins, whole', async () => {
  const path = join(folder, 'file');
  await Promise.all([1, 2, 3, 4].map((i) => writeFileAtomic(path, whole(i), 0o644)));
  expect(readFileSync(path, 'utf8')).toMatch(/^HEAD [1-4] x+ TAIL$/);
  expect(readdirSync(folder)).toEqual(['file']);
});
