import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { SiteState } from './inside/inspect-site.ts';
import type { WatchReport } from './inside/watch-share.ts';
import { type Ended, exec, output, type Place, until } from './support/cluster.ts';
import { elementsOf, expectConsistent, readInstances, type SlurmElement } from './support/expect-consistent.ts';
import { inspectSite, startReader } from './support/inside.ts';
import { busybox, type ImageStatus, makeSite, type Site, slowDockerfile } from './support/site.ts';
import { makeSlurmStandIns, type SlurmStandIns } from './support/slurm-stand-ins.ts';
import { watch } from './support/watch.ts';

const greeter = `FROM ${busybox}
COPY greet.sh /usr/local/bin/greet
RUN chmod 755 /usr/local/bin/greet && sleep 1
ENTRYPOINT ["/usr/local/bin/greet"]
`;
const greeting = '#!/bin/sh\nprintf \'greet %s\\n\' "$*"\n';
const settings = `FROM ${busybox}
ENV GREETING="good 'day' \\$x"
LABEL org.example.note="two words"
RUN echo "$GREETING" > /etc/greeting && sleep 1
CMD ["cat", "/etc/greeting"]
`;
const names = ['greeter', 'settings', 'slow-1', 'slow-2', 'slow-3', 'slow-4', 'slow-5', 'slow-6'];

/** A compute node without a database: this user may not read it, and their configuration names a folder that is not there. */
let onNode: Place;
let site: Site;
let standIns: SlurmStandIns;
let tag: string;

beforeAll(async () => {
  standIns = await makeSlurmStandIns();
  site = await makeSite({ slurm: standIns.toml });
  const admin = (...words: string[]): Promise<Ended> => site.ctmgr(words, { user: 'admin1' });
  for (const [name, folder] of [
    ['software', '/usr/local/software'],
    ['projects', '/p'],
  ] as const) {
    expect(await admin('overlay', 'add', name, '--run', `mkdir -p ${folder}`)).toMatchObject({ code: 0 });
  }
  expect(await site.import('greeter', greeter, { 'greet.sh': greeting })).toMatchObject({ code: 0 });
  expect(await site.import('settings', settings)).toMatchObject({ code: 0 });
  for (const name of names.slice(2)) {
    expect(await site.import(name, slowDockerfile(1))).toMatchObject({ code: 0 });
  }
  const withoutState = 'sed "s|^state = .*|state = \\"/nonexistent\\"|" config.toml >node.toml';
  await output(['sh', '-c', `cd "$1" && ${withoutState}`, 'sh', site.inputs]);
  onNode = { user: 'alice', node: 'c2', env: { CTMGR_CONFIG: `${site.inputs}/node.toml` } };
});

afterAll(async () => {
  await site.remove();
  await standIns.remove();
});

describe('eight images on two build nodes', () => {
  let end: Ended;
  let states: { pending: ImageStatus[]; moving: ImageStatus[] };
  let running: string[];
  let report: WatchReport;
  let state: SiteState;
  let elements: SlurmElement[];

  beforeAll(async () => {
    const reader = await startReader(site);
    await standIns.order('sbatch', 'hold');
    const rebuild = watch(site.startCtmgr(['rebuild', '--wait']));
    const has =
      (...wanted: string[]) =>
      (images: ImageStatus[]) =>
        wanted.every((status) => images.some((image) => image.status === status));
    const pending = await until('pending images', () => site.status(), has('pending'));
    await standIns.release('sbatch');
    const list = ['squeue', '-h', '-t', 'R', '-u', 'ctmgr', '-o', '%N'];
    const nodes = async (): Promise<string[]> => (await output(list)).split('\n');
    running = await until(
      'builds on both nodes at once',
      nodes,
      (found) => found.includes('b1') && found.includes('b2'),
    );
    const moving = await until('images in all states', () => site.status(), has('queued', 'building'));
    states = { pending, moving };
    end = await rebuild.end;
    report = await reader.stop();
    state = await expectConsistent(site);
    [tag = ''] = readInstances(state).map((instance) => instance.tag);
    elements = await elementsOf(site, 8);
  });

  it('ends with 0 and says what to do next', () => {
    expect(end).toMatchObject({
      code: 0,
      stdout: `Build tag ${tag}: 8 images: 8 success.\nNext: srun --container=NAME COMMAND\n`,
    });
    expect(tag).toMatch(/^\d{4}-\d\d-\d\d\.1$/);
  });

  it('is one array of eight elements, several at once, on build nodes only', () => {
    expect(new Set(elements.map(({ job }) => job)).size).toBe(1);
    expect(elements.map(({ index }) => index).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(elements.every((element) => element.state === 'COMPLETED' && element.partition === 'build')).toBe(true);
    expect([...new Set(elements.map(({ node }) => node))].sort()).toEqual(['b1', 'b2']);
    expect([...new Set(running)].sort()).toEqual(['b1', 'b2']);
  });

  it('shows states that move from pending to success', () => {
    expect(states.pending.map(({ name, status }) => [name, status])).toEqual(names.map((name) => [name, 'pending']));
    expect(states.moving.every(({ status }) => status !== 'pending')).toBe(true);
    for (const name of names) {
      // Users see `pending` only as long as the submission takes.
      expect(report.statuses[`${name}:${tag}`]?.join(' ')).toMatch(/^(pending )?queued (building )?success$/);
      const lines = end.stderr.split('\n').filter((line) => line.includes(` ${name}: `));
      const changes = lines.map((line) => line.replace(/^\d\d:\d\d:\d\d \S+: /, '')).join(', ');
      expect(changes).toMatch(/^queued -> (building, building -> )?success$/);
    }
    // On a busy machine a pass may come so late that a short build has begun and ended since the one before.
    const seen = Object.values(report.statuses).filter((statuses) => statuses.includes('building'));
    expect(seen.length).toBeGreaterThanOrEqual(4);
  });

  it('shows no reader anything unfinished', () => {
    expect(report.violations).toEqual([]);
    expect(report.rounds).toBeGreaterThan(20);
    const finals = readInstances(state).map(({ name, sha256 }) => [`${site.share}/builds/${tag}/${name}.sif`, sha256]);
    expect(report.firstSeen).toEqual(Object.fromEntries(finals));
  });

  it('leaves files with the right owner and mode', () => {
    const folder = { type: 'folder', mode: '0755', owner: 'ctmgr', group: 'ctmgr' };
    for (const path of ['builds', 'logs', 'current', `builds/${tag}`, `logs/${tag}`, `results/${tag}`]) {
      expect([path, state.files[path]]).toEqual([path, expect.objectContaining(folder)]);
    }
    for (const path of ['tasks', 'results', `tasks/${tag}/0`]) {
      expect([path, state.files[path]]).toEqual([path, expect.objectContaining({ ...folder, mode: '0750' })]);
    }
    expect(state.files[`tasks/${tag}`]).toMatchObject({ mode: '0750', owner: 'root', group: 'ctmgr' });
    expect(state.files['catalog.json']).toMatchObject({ mode: '0644' });
    for (const name of names)
      expect(state.files[`logs/${tag}/${name}.log`]).toMatchObject({ mode: '0644', owner: 'ctmgr' });
  });
});

describe('an ordinary user on a compute node without a database', () => {
  const alice = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await site.ctmgr(words, onNode);
    expect({ words, code, stderr }).toEqual({ words, code: 0, stderr: '' });
    return stdout;
  };

  it('cannot read the database', async () => {
    await expect(output(['ls', site.state], { user: 'alice', node: 'c2' })).rejects.toThrow(/Permission denied/);
  });

  it('lists images, finds their files and reads their details, history and logs', async () => {
    const listed = JSON.parse(await alice('list', '--json')) as { name: string; tag: string; file: string }[];
    expect(listed.map((image) => [image.name, image.tag])).toEqual(names.map((name) => [name, tag]));
    const file = `${site.share}/builds/${tag}/greeter.sif`;
    const sha256 = (await output(['sha256sum', file])).slice(0, 64);
    expect(await alice('path', 'greeter')).toBe(`${file}\n`);
    expect(await alice('path', `greeter:${tag}`)).toBe(`${file}\n`);
    expect(await alice('path', `greeter@sha256:${sha256}`)).toBe(`${file}\n`);
    const shown = await alice('show', 'greeter');
    expect(shown).toMatch(new RegExp(`^SHA256 +${sha256}$`, 'm'));
    expect(shown).toMatch(/^Overlays +software:1, projects:1$/m);
    expect(shown).toMatch(/srun --container=greeter COMMAND/);
    const history = await alice('history', 'greeter', '--parsable2', '--noheader', '--format=what,version,status,by');
    expect(history).toBe(`build ${tag}|1|current|root\nimport from ${busybox}|1||admin1\n`);
    expect(await alice('logs', 'greeter')).toMatch(/building greeter on b[12], job \d+_0/);
    expect(await alice('status', '--noheader', '--format=status')).toMatch(/^(success\s+){8}$/);
  });

  it('runs an image by its name, with its files, variables and overlays', async () => {
    const srun = async (...words: string[]): Promise<Ended> => exec(['srun', '--quiet', ...words], onNode);
    const printed = (stdout: string) => ({ code: 0, stdout, stderr: '' });
    expect(await srun('--container=greeter', 'greet', 'alice', 'two  words')).toEqual(
      printed('greet alice two  words\n'),
    );
    expect(
      await srun('--container', `settings:${tag}`, 'sh', '-c', 'echo "$GREETING"; cat /etc/greeting; exit 7'),
    ).toEqual({
      ...printed("good 'day' $x\ngood 'day' $x\n"),
      code: 7,
      stderr: expect.stringContaining('Exited with exit code 7'),
    });
    expect(await srun('--container=slow-1', 'ls', '-d', '/usr/local/software', '/p')).toEqual(
      printed('/p\n/usr/local/software\n'),
    );
    expect(await srun('--container=nothing', 'touch', '/tmp/ran')).toMatchObject({
      code: 66,
      stdout: '',
      stderr: expect.stringContaining('no image'),
    });
  });

  it('runs what an image is for', async () => {
    const run = (name: string, ...words: string[]): Promise<string> =>
      output(['sh', '-c', 'srun --quiet apptainer --silent run "$(ctmgr path "$@")"', 'sh', name, ...words], onNode);
    expect(await run('settings')).toBe("good 'day' $x");
  });
});

describe('a rebuild that is only shown', () => {
  it('shows tasks, script and arguments and changes nothing', async () => {
    await site.import('short-1', slowDockerfile(0), {}, ['--class', 'short']);
    const before = await inspectSite(site);
    const calls = (await standIns.calls()).length;
    const { code, stdout } = await site.ctmgr(['rebuild', 'short-1', 'greeter', '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Array of class default: 1 task\n {2}0 {2}greeter:1 {2}overlays software:1 projects:1$/m);
    expect(stdout).toMatch(/^Array of class short: 1 task\n {2}0 {2}short-1:1 /m);
    expect(stdout).toMatch(/^\$ sbatch --parsable .*--job-name=MARKER-2 --array=0 --uid=ctmgr .*--time=00:01:00$/m);
    expect(stdout).toMatch(/^#!\/bin\/sh$/m);
    expect(stdout).toMatch(/Nothing was changed.\n$/);
    const { arrays } = await site.json<{
      arrays: { class: string; tasks: object[]; sbatch: string[]; script: string }[];
    }>(['rebuild', '--dry-run']);
    expect(arrays.map((array) => [array.class, array.tasks.length])).toEqual([
      ['default', 8],
      ['short', 1],
    ]);
    expect(arrays[0]?.sbatch).toEqual(expect.arrayContaining(['sbatch', '--array=0-7', '--partition=build']));
    expect(arrays[0]?.script).toContain(`scratch_parent=/scratch\n`);
    expect(await inspectSite(site)).toEqual(before);
    expect((await standIns.calls()).slice(calls)).toEqual(['scontrol show config', 'scontrol show config']);
  });
});

describe('two resource classes', () => {
  it('become two arrays; what was not named keeps its image', async () => {
    const { code, stderr } = await site.ctmgr(['build-all', 'short-1', 'greeter', '--wait']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('(class short): 1 image') });
    const instances = readInstances(await expectConsistent(site)).filter((instance) => instance.tag !== tag);
    expect(instances.map(({ name, index, task }) => [name, index, task])).toEqual([
      ['greeter', 0, 0],
      ['short-1', 0, 1],
    ]);
    const arrays = new Set((await elementsOf(site, 10)).map(({ job }) => job));
    expect(arrays.size).toBe(3);
    const [second] = instances.map((instance) => instance.tag);
    expect(await output(['readlink', `${site.share}/current/greeter.sif`])).toBe(`../builds/${second}/greeter.sif`);
    expect(await output(['readlink', `${site.share}/current/settings.sif`])).toBe(`../builds/${tag}/settings.sif`);
    expect((await site.ctmgr(['path', `greeter:${tag}`], onNode)).stdout).toBe(
      `${site.share}/builds/${tag}/greeter.sif\n`,
    );
  });
});
