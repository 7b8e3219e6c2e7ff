import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseResult, readResult } from '../../lib/builds/result-file.ts';
import { buildScriptData, taskEnvironment } from '../../lib/builds/task-files.ts';
import { CtmgrError } from '../../lib/util/errors.ts';
import { renderTemplate } from '../../lib/util/template.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctmgr-task-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const hostile = `a'b"c $(touch /tmp/ctmgr-x) \`id\`; & \\ \n-x ü`;

describe('taskEnvironment', () => {
  test('plain values', () => {
    const values = {
      name: 'solver',
      target: '/srv/ctmgr/builds/t/solver.sif',
      result: '/srv/ctmgr/results/t/1.json',
      packages: '/srv/ctmgr/logs/t/solver.packages',
      source: 'definition' as const,
      publish: true,
      test: true,
      architecture: 'arm',
      variant: 'v7',
    };
    expect(taskEnvironment(values)).toBe(
      'NAME=solver\nTARGET=/srv/ctmgr/builds/t/solver.sif\nRESULT=/srv/ctmgr/results/t/1.json\n' +
        'PACKAGES=/srv/ctmgr/logs/t/solver.packages\nSOURCE=definition\nPUBLISH=yes\nTEST=yes\nARCH=arm\nVARIANT=v7\n',
    );
  });

  test('a shell reads back exactly what was written', () => {
    const file = join(folder, 'task.env');
    const odd = { name: hostile, target: `/t/${hostile}`, result: hostile, architecture: hostile, variant: '' };
    const more = { packages: hostile, source: 'file' as const, publish: true };
    writeFileSync(file, taskEnvironment({ ...odd, ...more, test: false }));
    const shell = spawnSync('sh', [
      '-c',
      '. "$1" && printf "%s\\0" "$NAME" "$TARGET" "$RESULT" "$TEST" "$ARCH" "$PACKAGES"',
      'sh',
      file,
    ]);
    const read = [hostile, `/t/${hostile}`, hostile, 'no', hostile, hostile, ''];
    expect(shell.stdout.toString().split('\0')).toEqual(read);
    expect(shell.stderr.toString()).toBe('');
  });
});

describe('build.sbatch.mustache', () => {
  const path = join(import.meta.dirname, '../../sbatch-templates/build.sbatch.mustache');
  const rendered = (value: string): string =>
    renderTemplate(
      readFileSync(path, 'utf8'),
      buildScriptData({
        tasksFolder: value,
        apptainer: value,
        scratchParent: value,
        buildArguments: [value, '--no-https'],
        environment: { http_proxy: value, APPTAINER_NOHTTPS: 'true' },
        requeues: 5,
        graceSeconds: 5,
      }),
      path,
    );

  test('begins with the interpreter, and nothing of the template is left', () => {
    expect(rendered('/x')).toMatch(/^#!\/bin\/sh\n# ctmgr: /);
    expect(rendered('/x')).not.toMatch(/\{\{|\}\}/);
    // sbatch reads directives of its own and of PBS from comments.
    expect(rendered('/x')).not.toMatch(/^#(SBATCH|PBS)/m);
  });

  test.each(['/x', hostile])('is a valid script for every shell that may be /bin/sh: %j', (value) => {
    const script = join(folder, 'script');
    writeFileSync(script, rendered(value));
    const shells = ['sh', 'dash', 'bash'].filter((shell) => spawnSync(shell, ['-c', ':']).status === 0);
    for (const shell of shells) {
      const checked = spawnSync(shell, ['-n', script], { encoding: 'utf8' });
      expect([shell, checked.status, checked.stderr]).toEqual([shell, 0, '']);
    }
  });

  test('works without further arguments and variables', () => {
    const values = {
      tasksFolder: '/t',
      apptainer: '/a',
      scratchParent: '/s',
      buildArguments: [],
      environment: {},
      requeues: 0,
      graceSeconds: 5,
    };
    expect(renderTemplate(readFileSync(path, 'utf8'), buildScriptData(values), path)).toContain(
      '"$apptainer" build --force --fakeroot --notest ${ARCH:+--arch "$ARCH"} ${VARIANT:+--arch-variant "$VARIANT"} \\\n     "$image" ../recipe.def\n',
    );
  });
});

describe('readResult', () => {
  const common = {
    schema: 1,
    exit_code: 0,
    message: 'published /x.sif',
    node: 'b1',
    job_id: 14,
    index: 1,
    started: 1795367940,
    ended: 1795367941,
    apptainer: '1.4.5',
  };
  const success = { ...common, outcome: 'success', size: 1_118_208, sha256: 'ab'.repeat(32) };
  const failure = { ...common, outcome: 'failure', kind: 'build', exit_code: 255 };

  test.each([success, failure, { ...common, outcome: 'terminated', exit_code: 143 }])('%j', (value) => {
    expect(parseResult(`${JSON.stringify(value)}\n`, '/r/1.json')).toEqual(value);
  });

  test('a build that ended before it began, since its node has set its clock right, took no time', () => {
    const early = { ...success, ended: success.started - 300 };
    expect(parseResult(JSON.stringify(early), '/r/1.json')).toEqual({ ...success, ended: success.started });
  });

  test('no file is no result yet', async () => {
    expect(await readResult(join(folder, 'none.json'))).toBeUndefined();
  });

  test.each([
    ['empty', ''],
    ['cut off', JSON.stringify(success).slice(0, 60)],
    ['not an object', '[]'],
    ['another schema', JSON.stringify({ ...success, schema: 2 })],
    ['an unknown outcome', JSON.stringify({ ...common, outcome: 'ok' })],
    ['success without a hash', JSON.stringify({ ...success, sha256: undefined })],
    ['success with an empty file', JSON.stringify({ ...success, size: 0 })],
    ['a failure kind that only the poller gives', JSON.stringify({ ...failure, kind: 'oom' })],
    ['an unknown key', JSON.stringify({ ...success, kind: 'build' })],
  ])('%s is an error that names the file', (_, text) => {
    expect(() => parseResult(text, '/r/1.json')).toThrow(CtmgrError);
    expect(() => parseResult(text, '/r/1.json')).toThrow('cannot read the build result /r/1.json');
  });

  test('a file that cannot be read is not taken for a missing one', async () => {
    await expect(readResult(folder)).rejects.toThrow(CtmgrError);
  });
});
