import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
let folder = '';

/** What `npm pack` would install: the bundle and no sources. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctmgr-bundle-'));
  for (const name of ['bin', 'recipe-templates', 'sbatch-templates', 'package.json']) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: { build: string } };
  execFileSync('sh', ['-c', `PATH=${root}/node_modules/.bin:$PATH; ${scripts.build} --outdir=${folder}/dist`], {
    cwd: root,
  });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function ctmgr(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const config = join(folder, 'config.toml');
  writeFileSync(config, `[paths]\nstate = "${folder}/state"\nshare = "${folder}/share"\n`);
  return spawnSync(join(folder, 'bin/ctmgr'), words, {
    encoding: 'utf8',
    env: { ...process.env, CTMGR_CONFIG: config },
  });
}

test('the bundle runs without the sources', () => {
  const { status, stdout, stderr } = ctmgr('config', '--json');
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toContainEqual({
    key: 'paths.share',
    value: `${folder}/share`,
    origin: `${folder}/config.toml`,
  });
});

test('the bundle explains a missing catalogue', () => {
  const { status, stderr } = ctmgr('list');
  expect(status).toBe(66);
  expect(stderr).toContain('cannot read the catalogue');
});

test('the bundle loads the SQLite driver and brings a database to its schema', () => {
  mkdirSync(join(folder, 'state'));
  writeFileSync(join(folder, 'state/ctmgr.db'), '');
  expect(ctmgr('migrate')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^Applied 0001_initial, .*\.\n$/),
    stderr: '',
  });
  expect(ctmgr('base', 'list', '-P')).toMatchObject({
    status: 0,
    stderr: 'There are no base images; an import makes them.\n',
  });
});
