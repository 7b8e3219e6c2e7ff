import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
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

// A disk that waits for every fsync gives the reader less to see in more time; rename(2) is the kernel's on both.
const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

beforeEach(() => {
  folder = mkdtempSync(join(place, "ctmgr file's-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Reader {
  /** Whether it has seen the path change under its eyes: on a busy machine that takes more than `flips`. */
  hasSeenChanges(): boolean;
  /** Rejects with what it should not have seen. */
  end: Promise<void>;
}

/** A reader in a process of its own, which has begun to read. */
async function startReader(path: string): Promise<Reader> {
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
  });
  return { hasSeenChanges: () => text.includes('changed') || complaint !== '', end };
}

test('a reader of a file that is written anew never misses it and never sees a part of it', async () => {
  const path = join(folder, 'catalog.json');
  await writeFileAtomic(path, whole(0), 0o644);
  const reader = await startReader(path);
  for (let i = 1; i <= flips || !reader.hasSeenChanges(); i += 1) await writeFileAtomic(path, whole(i), 0o644);
  await writeFileAtomic(path, 'end', 0o644);
  await expect(reader.end).resolves.toBeUndefined();
  expect(readdirSync(folder)).toEqual(['catalog.json']);
});

test('a reader of a link that is flipped never misses it', async () => {
  const link = join(folder, 'app.sif');
  for (const i of [0, 1]) writeFileSync(join(folder, `${i}`), whole(i));
  writeFileSync(join(folder, 'last'), 'end');
  await replaceSymlink(link, '0');
  const reader = await startReader(link);
  for (let i = 1; i <= flips || !reader.hasSeenChanges(); i += 1) await replaceSymlink(link, `${i % 2}`);
  await replaceSymlink(link, 'last');
  await expect(reader.end).resolves.toBeUndefined();
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
