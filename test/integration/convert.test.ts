import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from './support/run-cli.ts';
import type { ProcessEnd } from './support/run-node.ts';

/** `ctmgr convert` needs neither a site nor a database. */
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctmgr-convert-'));
  writeFileSync(join(folder, 'config.toml'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

function convert(dockerfile: string, ...more: string[]): Promise<ProcessEnd> {
  const file = join(folder, 'Dockerfile');
  writeFileSync(file, dockerfile);
  return runCli(['convert', file, ...more], join(folder, 'config.toml'));
}

test('prints the definition file, and warnings with their codes on standard error', async () => {
  const { code, stdout, stderr } = await convert(
    'FROM debian:12\nARG V=1\nRUN make $V\nUSER bob\n',
    '--build-arg',
    'V=2',
  );
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Bootstrap: docker\nFrom: debian:12\n[\s\S]*export V="2"\n/);
  expect(stderr).toContain('line 4: containers run as the user who starts them, not as bob [user-at-run-time]');
});

test('prints the plan with --json, also of what cannot become a definition file', async () => {
  const text = 'FROM a AS one\nRUN --mount=type=ssh x\nFROM b\nRUN y\n';
  const { code, stdout } = await convert(text, '--target', 'one', '--json', '--platform', 'linux/arm64');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    stages: [
      { name: 'one', base: { kind: 'image', ref: 'docker.io/library/a:latest' }, steps: [{ kind: 'run', line: 2 }] },
    ],
    warnings: expect.arrayContaining([expect.objectContaining({ line: 2, code: 'ssh-mount' })]),
  });
  const definition = await convert(text, '--target', 'one');
  expect([definition.code, definition.stdout]).toEqual([65, '']);
  expect(definition.stderr).toContain('line 2, RUN');
});

test('the base image is known from --base-config; --strict refuses what is lossy', async () => {
  const config = join(folder, 'base.json');
  writeFileSync(config, '{"config":{"Env":["B=/b"],"WorkingDir":"/w"}}');
  const known = await convert('FROM a\nWORKDIR $B/x\nRUN y\n', '--strict', '--base-config', config);
  expect([known.code, known.stderr]).toEqual([0, '']);
  expect(known.stdout).toContain('cd /b/x');
  const assumed = await convert('FROM a\nWORKDIR $B/x\nRUN y\n', '--strict', '--json');
  expect(assumed.code).toBe(65);
  expect(assumed.stderr).toContain('[base-config-assumed]');
  writeFileSync(config, '{"config":{"Env":"x"}}');
  expect((await convert('FROM a', '--base-config', config)).code).toBe(65);
});

test('what BuildKit refuses is refused with its line, and a stage that is not there', async () => {
  const wrong = await convert('FROM a\nRUN <<EOF\n', '--json');
  expect([wrong.code, JSON.parse(wrong.stdout)]).toMatchObject([65, { error: { code: 'badDefinition' } }]);
  expect(wrong.stderr).toContain('line 2, RUN: the here-document "EOF" has no end');
  expect((await convert('FROM a', '--target', 'no')).code).toBe(64);
  expect((await convert('FROM a', '--platform', 'a/b/c/d')).code).toBe(64);
});

test('a definition file is refused as one, with the ways out', async () => {
  const { code, stdout, stderr } = await convert('# ours\nBootstrap: localimage\nFrom: base.sif\n');
  expect([code, stdout]).toEqual([65, '']);
  expect(stderr).toMatch(/is an Apptainer definition file\n[\s\S]*FROM ctmgr:NAME[\s\S]*apptainer build/);
});
