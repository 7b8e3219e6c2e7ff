import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { checkImageFormat } from '../../lib/apptainer/inspect.ts';
import { importReadyImage } from '../../lib/definitions/import-ready-image.ts';
import { importRecipe } from '../../lib/definitions/import-recipe.ts';
import type { ReadyImage } from '../../lib/definitions/ready-image.ts';
import { restoreSite } from '../../lib/service/restore-site.ts';
import { makeTestSite, type TestSite } from './support/test-site.ts';

let site: TestSite;
/** A named pipe that nobody writes to. */
let pipe: string;

const request = { name: 'app', class: undefined, baseName: undefined, message: undefined };

beforeEach(async () => {
  site = await makeTestSite();
  pipe = join(site.folder, 'pipe');
  execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', pipe]);
});

afterEach(async () => {
  await site.remove();
});

test.each(['sif', 'oci-archive', 'docker-archive'] as const)('is no ready image: %s', async (kind) => {
  const image: ReadyImage = { kind, file: pipe };
  await expect(importReadyImage(site.store, site.paths.contexts, image, request, 'admin1')).rejects.toMatchObject({
    code: 'inputMissing',
    message: `${pipe} is not a regular file`,
  });
});

test('is no image to look into, and neither is a folder', async () => {
  for (const file of [pipe, site.folder])
    await expect(checkImageFormat(file)).rejects.toMatchObject({ message: `${file} is not a regular file` });
});

test('is no Dockerfile, and neither is a device; what a shell hands over is one', async () => {
  const read = (dockerfile: string) =>
    importRecipe(
      site.store,
      site.paths.contexts,
      { ...request, dockerfile, context: undefined, buildArgs: {} },
      'admin1',
    );
  for (const file of [pipe, '/dev/zero'])
    await expect(read(file)).rejects.toMatchObject({ message: `${file} is not a regular file` });
  await expect(read(site.folder)).rejects.toMatchObject({ why: expect.stringContaining('EISDIR') });
  const shell = ['-c', 'exec "$@" <(printf "FROM debian:12\\nRUN true\\n")', 'bash'];
  const program = `import('${join(import.meta.dirname, '../../lib/definitions/read-text.ts')}').then(async ({ readText }) => console.log(await readText(process.argv.at(-1), 'Dockerfile')))`;
  expect(execFileSync('bash', [...shell, process.execPath, '-e', program], { encoding: 'utf8' })).toBe(
    'FROM debian:12\nRUN true\n\n',
  );
  expect(() =>
    execFileSync('bash', ['-c', 'yes | "$@" /dev/stdin', 'bash', process.execPath, '-e', program], { stdio: 'pipe' }),
  ).toThrow('is too large for a Dockerfile');
});

test('is no .dockerignore', async () => {
  const context = join(site.folder, 'context');
  execFileSync('mkdir', [context]);
  execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', join(context, '.dockerignore')]);
  const dockerfile = join(site.folder, 'Dockerfile');
  writeFileSync(dockerfile, 'FROM debian:12\nCOPY . /x\n');
  const whole = { ...request, dockerfile, context, buildArgs: {} };
  await expect(importRecipe(site.store, site.paths.contexts, whole, 'admin1')).rejects.toMatchObject({
    code: 'badDefinition',
    why: 'it is not a regular file',
  });
});

test('is no backup, and a file that is none is not called a loss of this site', async () => {
  const restore = (file: string) => restoreSite(site.config, site.paths, { file, replace: true, actor: 'root' });
  await expect(restore(pipe)).rejects.toMatchObject({ message: `${pipe} is not a regular file` });
  const other = join(site.folder, 'other');
  writeFileSync(other, 'x'.repeat(20_000));
  await expect(restore(other)).rejects.toMatchObject({
    code: 'inputMissing',
    message: `${other} is not a whole backup of ctmgr`,
    hint: 'take another backup',
  });
});
