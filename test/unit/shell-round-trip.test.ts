import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { assert, property } from 'fast-check';
import { planDocument } from '../../lib/definitions/plan-document.ts';
import { resolveDockerfile } from '../../lib/definitions/resolve-dockerfile.ts';
import { storedLabel } from '../../lib/definitions/stored-label.ts';
import { definitionFor, sectionOf } from './support/definition-section.ts';
import { randomDockerfile, type RandomDockerfile, variables } from './support/random-dockerfile.ts';

/**
 * Random valid Dockerfiles full of hostile words, converted; their `%post`, `%environment` and `%runscript` are given to real shells,
 * and every argument and variable that arrives is compared with what Docker would have passed, byte for byte.
 * FUZZ_ROUNDS=100000 makes a thousand files for each shell, FUZZ_SEED other ones; a failure shows its seed and the smallest such file.
 */
const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_122);
const numRuns = Math.ceil(Number(process.env['FUZZ_ROUNDS'] ?? 600) / 100);

const folder = mkdtempSync(join(tmpdir(), 'ctmgr-trip-'));
const program = join(folder, 'program');
const output = join(folder, 'output');
const labels = join(folder, 'labels');

/** dash, bash and busybox sh, as far as they are here; busybox also from the test cluster's root folder, where it is a static program. */
function findShells(): [name: string, command: string[]][] {
  const cache = process.env['CTMGR_CLUSTER_DIR'] ?? '/var/cache/ctmgr-cluster';
  const busybox = ['/bin/busybox', ...globSync(`${cache}/root/*/usr/bin/busybox`)].find((path) => existsSync(path));
  const found: [string, string[]][] = ['dash', 'bash'].flatMap((name) =>
    existsSync(`/bin/${name}`) ? [[name, [`/bin/${name}`]]] : [],
  );
  if (busybox !== undefined) return [...found, ['busybox', [busybox, 'sh']]];
  process.stderr.write('shell-round-trip: no busybox here; test/cluster/cluster up brings one\n');
  return found;
}

beforeAll(() => {
  const shown = variables.map((name) => `"$${name}"`).join(' ');
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\0' "$#" "$@" ${shown} >>${output}\n`, { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Gives a script to a shell; returns what the program wrote down each time. */
function calls(shell: string[], script: string, args: string[] = []): { argv: string[]; values: string[] }[] {
  const file = join(folder, 'script');
  writeFileSync(file, script);
  writeFileSync(output, '');
  writeFileSync(labels, '');
  const [command = '', ...first] = shell;
  const env = { PATH: process.env['PATH'] ?? '', SINGULARITY_LABELS: labels };
  execFileSync(command, [...first, '-e', file, ...args], { cwd: '/', env, stdio: ['ignore', 'ignore', 'pipe'] });
  const words = readFileSync(output, 'utf8').split('\0').slice(0, -1);
  const found: { argv: string[]; values: string[] }[] = [];
  while (words.length > 0) {
    const argv = words.splice(0, Number(words.shift()));
    found.push({ argv, values: words.splice(0, variables.length) });
  }
  return found;
}

function checkIn(shell: string[], file: RandomDockerfile): void {
  const { text, buildArgs } = file;
  const definition = definitionFor(text, buildArgs);
  const section = (name: string) => sectionOf(definition, name);
  expect(calls(shell, section('post'))).toEqual(file.runs);
  const stored = Object.entries(file.labels).flatMap(([name, value]) => storedLabel({ name, value }) ?? []);
  expect(readFileSync(labels, 'utf8')).toBe(stored.map(({ name, value }) => `${name} ${value}\n`).join(''));
  const values = variables.map((name) => file.environment[name] ?? '');
  expect(calls(shell, `${section('environment')}\n${program}\n`)).toEqual([{ argv: [], values }]);
  const [, ...first] = file.entrypoint;
  const start = (...args: string[]) => calls(shell, section('runscript'), args).map(({ argv }) => argv);
  expect(start()).toEqual([[...first, ...file.cmd]]);
  expect(start('', "a'b $x")).toEqual([[...first, '', "a'b $x"]]);
}

test.each(findShells())('under %s', (_name, shell) => {
  expect.hasAssertions();
  assert(
    property(randomDockerfile(program), (file) => checkIn(shell, file)),
    { seed, numRuns },
  );
});

test('the plan has the same', () => {
  assert(
    property(randomDockerfile(program), ({ text, buildArgs, runs, environment, labels: own, entrypoint, cmd }) => {
      const { stages, config } = planDocument(resolveDockerfile(text, { buildArgs }));
      const steps = stages.flatMap((stage) => stage.steps.flatMap((step) => (step.kind === 'run' ? [step] : [])));
      const found = steps.map(({ argv, env }, index) => ({
        // What a real shell makes of its text is seen above.
        argv: argv[0] === program ? argv.slice(1) : runs[index]?.argv,
        values: variables.map((name) => env[name] ?? ''),
      }));
      expect(found).toEqual(runs);
      expect(config).toMatchObject({ env: environment, labels: own, entrypoint, cmd });
    }),
    { seed, numRuns: numRuns * 8 },
  );
});
