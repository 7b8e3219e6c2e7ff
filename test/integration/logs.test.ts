import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { readResult } from '../../lib/builds/result-file.ts';
import { readResults } from '../../lib/builds/read-share.ts';
import { logFiles, resultFile } from '../../lib/builds/tag-folders.ts';
import { logTail } from '../../lib/commands/log-tail.ts';
import type { Instance } from '../../lib/store/instances.ts';
import { runCli } from './support/run-cli.ts';
import { importOne, makeTestSite, named, recordAll, type TestSite } from './support/test-site.ts';

let site: TestSite;
let instance: Instance;
let log: string;
let result: string;

beforeEach(async () => {
  site = await makeTestSite();
  await importOne(site, 'app');
  instance = named((await recordAll(site)).instances, 'app');
  log = logFiles(site.paths, instance).err;
  result = resultFile(site.paths, instance);
  mkdirSync(dirname(log));
  mkdirSync(dirname(result));
});

afterEach(() => site.remove());

test('a log of a gigabyte is shown by its end', async () => {
  writeFileSync(log, '');
  truncateSync(log, 2 ** 30);
  writeFileSync(log, 'last but one\nlast words\n', { flag: 'a' });
  const end = await logTail(log);
  expect(end?.[0]).toBe(`  the end of ${log}:`);
  expect(end?.at(-1)).toBe('    last words');
  const { code, stdout, stderr } = await runCli(['logs', 'app', '--err'], site.configFile);
  expect({ code, stderr }).toEqual({ code: 0, stderr: `ctmgr: these are the last 32 MiB of ${log}\n` });
  expect(stdout).toBe('last words\n');
});

test('a log that cannot be read is said to be so, and the rest of a report stays', async () => {
  expect(await logTail(log)).toBeUndefined();
  mkdirSync(log);
  expect(await logTail(log)).toEqual(['  its log cannot be read: it is not a regular file']);
});

test('a log that is missing with the whole share is not an empty one', async () => {
  rmSync(site.paths.marker);
  const { code, stderr } = await runCli(['logs', 'app'], site.configFile);
  expect({ code, stderr }).toEqual({ code: 69, stderr: expect.stringContaining('the share') });
});

test('root reads no link and no pipe that the service account could have put there', async () => {
  const secret = join(site.folder, 'secret');
  writeFileSync(secret, 'root:$6$secret:20000:0\n');
  symlinkSync(secret, result);
  const { resultProblem } = (await readResults(site, [instance])).get(instance.id) ?? {};
  expect(resultProblem).toMatch(/^cannot read the build result .*ELOOP/);
  expect(resultProblem).not.toContain('root:');
  symlinkSync(secret, log);
  expect((await logTail(log))?.join('\n')).not.toContain('root:');
  rmSync(result);
  execFileSync('mkfifo', [result]);
  await expect(readResult(result)).rejects.toMatchObject({ why: 'it is not a regular file' });
  rmSync(result);
  writeFileSync(result, ' '.repeat(70_000));
  await expect(readResult(result)).rejects.toMatchObject({ why: expect.stringContaining('70000 bytes') });
});
