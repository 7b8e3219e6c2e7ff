import { describe, expect, it, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import * as v from 'valibot';

import { readDefinition } from '../../lib/benchmarks/definition.ts';
import { echoedValue } from '../../lib/benchmarks/echoed-value.ts';
import { findBenchmark, type FoundBenchmark, listBenchmarks } from '../../lib/benchmarks/find-definition.ts';
import { arraySubmission, batchScript } from '../../lib/benchmarks/make-submission.ts';
import { planRun, type RunRequest } from '../../lib/benchmarks/plan-run.ts';
import { configSchema } from '../../lib/config/schema.ts';

const config = v.parse(configSchema, { paths: { benchmarks: '/nonexistent', sbatch_templates: '/nonexistent' } });
const names = ['command', 'hpcc', 'hpcg', 'hpl', 'imb', 'ior', 'linktest', 'mdtest', 'osu', 'stream'];
const needed: Record<string, Record<string, string>> = {
  command: { command: 'echo \'a b\' "$HOME"; `x`' },
  ior: { directory: '/scratch/$(x)' },
  mdtest: { directory: "/it's" },
};
const request: RunRequest = {
  image: { name: 'app', tag: '2026-11-22.1', sha256: 'ab'.repeat(32), file: "/srv/it's $(here)/app.sif" },
  pairs: 4,
  allocations: 2,
  seed: '7',
  parameters: {},
  nodes: undefined,
  tasksPerNode: undefined,
  margin: undefined,
  gap: undefined,
  constraint: undefined,
};
const toml = (more = ''): string => `summary = "x"
needs = "x"
parser = "wall-time"
metrics = [{ name = "time", unit = "s", direction = "lower-is-better", margin = 0.01 }]
${more}`;
const own = (more: string, template = 'launch true'): FoundBenchmark => ({
  name: 'own',
  definition: readDefinition(toml(more), 'benchmark.toml'),
  template,
  templatePath: 'run.sh.mustache',
  ofSite: true,
});
const isShell = (text: string): string => spawnSync('sh', ['-n'], { input: text, encoding: 'utf8' }).stderr;

test('these are the benchmarks', async () => expect(await listBenchmarks(config)).toEqual(names));

describe.each(names)('%s', (name) => {
  it('makes scripts that a shell understands, with what was asked for inside', async () => {
    const found = await findBenchmark(config, name);
    const parameters = needed[name] ?? {};
    const { script, settings, plan } = planRun(found, config, { ...request, parameters });
    expect(isShell(script)).toBe('');
    const values = { folder: "/srv/it's/1", image: request.image, settings, runScript: script, pairs: plan.pairs };
    expect(isShell(batchScript(config, values))).toBe('');
    expect(script).toContain('launch ');
  });
});

describe('a definition', () => {
  it.each([
    ['pattern = "(?<value>x)"', /either parser or pattern/],
    ['parser = "none"', /not valid TOML/],
    ['unknown = 1', /unknown: unknown key/],
    ['[parameters.tasks]\nsummary = "x"', /tasks is taken/],
    ['[parameters.x]\nsummary = "x"\npattern = "("', /parameters.x.pattern is no regular expression/],
    ['[programs]\nPATH = "x"', /programs.PATH/],
    ['[resources]\ncpus_per_task = "x"', /resources.cpus_per_task: there is no parameter x/],
    ['[resources]\ntasks = ["x"]', /resources.tasks: there is no parameter x/],
    ['[parameters.x]\nsummary = "x"\n[programs]\nx = "x"', /x is taken/],
  ])('is refused: %s', (more, expected) => {
    let said = '';
    try {
      readDefinition(toml(more), 'benchmark.toml');
    } catch (error) {
      const { message, why } = error as { message: string; why: string };
      said = `${message}: ${why}`;
    }
    expect(said).toMatch(expected);
  });
});

describe('a plan', () => {
  const found = own('[parameters.N]\nsummary = "x"\ndefault = "4"\npattern = "\\\\d+"\nechoed = "size"\n', 'N={{{N}}}');

  it('holds everything that was decided', () => {
    const planned = planRun(found, config, { ...request, margin: 0.002, parameters: { N: '8' } });
    expect(planned).toMatchObject({ parameters: { N: '8' }, requested: { size: '8' }, script: 'N=8' });
    expect(planned.metrics[0]?.margin).toBe(0.002);
    expect(planned.plan.pairs).toHaveLength(4);
    expect(planRun(found, config, request).plan).toEqual(planned.plan);
  });

  it.each([
    [{ parameters: { M: '1' } }, /own has no parameter "M"/],
    [{ parameters: { N: '1; x' } }, /"1; x" is no value for N/],
    [{ pairs: 3 }, /must be even/],
    [{ allocations: 3 }, /1 to 2 allocations/],
    [{ deciding: ['speed'] }, /own has no metric "speed"/],
  ])('is refused: %p', (change, expected) =>
    expect(() => planRun(found, config, { ...request, ...change })).toThrow(expected),
  );

  it('needs what has no default', () =>
    expect(() => planRun(own('[parameters.x]\nsummary = "what"'), config, request)).toThrow(
      /needs the parameter x: what/,
    ));

  it('refuses a script that names what is not there', () =>
    expect(() => planRun(own('', 'launch {{{x}}}'), config, request)).toThrow(/nothing is named "x"/));
});

describe('command', () => {
  const plan = async (parameters: Record<string, string>) =>
    planRun(await findBenchmark(config, 'command'), config, {
      ...request,
      parameters: { command: 'true', ...parameters },
    }).metrics[0];

  it('is measured by its time, or by what a pattern finds', async () => {
    expect(await plan({})).toMatchObject({ unit: 's', direction: 'lower-is-better' });
    const found = await plan({ pattern: '(?<value>\\d+)', unit: 'GB/s', direction: 'higher-is-better' });
    expect(found).toMatchObject({ unit: 'GB/s', direction: 'higher-is-better' });
    await expect(plan({ pattern: '(?<value>\\d+)', direction: 'up' })).rejects.toThrow(/direction is/);
    await expect(plan({ pattern: '\\d+' })).rejects.toThrow(/no group named value/);
  });
});

test('a job array asks for whole nodes and time for all legs, and is never requeued', async () => {
  const wanted = { ...request, nodes: 2, gap: 60, parameters: { Q: '2' } };
  const { settings, plan } = planRun(await findBenchmark(config, 'hpl'), config, wanted);
  const job = { marker: 'm', script: 's', folder: '/f', pairs: plan.pairs };
  const { indices, resources } = arraySubmission(job, settings, undefined);
  expect(indices).toEqual([0, 1]);
  // Three pairs of two legs, the warm-up included, of 7,200 and 60 seconds, and five minutes.
  expect(resources).toMatchObject({ exclusive: true, time: String((6 * 7260 + 300) / 60) });
  expect(resources.extraArguments).toEqual(['--nodes=2', '--ntasks-per-node=1', '--no-requeue']);
});

test('a program gets exactly as many processes as it needs', async () => {
  const plan = async (name: string, change: Partial<RunRequest>) =>
    planRun(await findBenchmark(config, name), config, { ...request, ...change });
  expect((await plan('imb', {})).settings).toMatchObject({ nodes: 2, tasksPerNode: 1 });
  expect((await plan('osu', { nodes: 1, tasksPerNode: 2 })).settings).toMatchObject({ nodes: 1, tasksPerNode: 2 });
  await expect(plan('imb', { tasksPerNode: 2 })).rejects.toThrow('imb needs 2 processes, and it would get 4');
  const grid = { parameters: { P: '2', Q: '3' } };
  expect((await plan('hpl', { ...grid, nodes: 3, tasksPerNode: 2 })).script).toContain('P=2 Q=3');
  await expect(plan('hpl', { ...grid, nodes: 3 })).rejects.toMatchObject({
    message: 'hpl needs 6 processes, and it would get 3',
    why: 'P is 2, Q is 3',
  });
});

test('STREAM gets as many processors as threads: with one they would all share it', async () => {
  const plan = (threads: string) =>
    findBenchmark(config, 'stream').then((found) => planRun(found, config, { ...request, parameters: { threads } }));
  expect((await plan('64')).settings.cpusPerTask).toBe(64);
  await expect(plan('0')).rejects.toThrow(/"0" is no value for threads/);
  const named = own('[resources]\ncpus_per_task = "x"\n[parameters.x]\nsummary = "x"');
  expect(() => planRun(named, config, { ...request, parameters: { x: 'two' } })).toThrow(/"two" is no value for x/);
});

test.each([
  ['1m', '1 MiB'],
  ['1536m', '1.50 GiB'],
  ['1g', '1 GiB'],
  ['2048g', '2 TiB'],
  ['256k', '262144 bytes'],
  ['1000000', '1000000 bytes'],
])('IOR prints %s as %s', (value, printed) => expect(echoedValue(value, 'ior-size')).toBe(printed));
