import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { output, required, until } from './support/cluster.ts';
import { startKillable } from './support/killable.ts';
import { busybox, makeSite, type Site } from './support/site.ts';
import { makeSlurmStandIns, type SlurmStandIns } from './support/slurm-stand-ins.ts';

/** Prints 100 with a scatter of 0.1 %, and 105 in an image that has the file /slow. */
const command = 'n=$(date +%N | cut -c 8); if [ -e /slow ]; then echo time 105.0$n; else echo time 100.0$n; fi';

interface GateRow {
  gate: string;
  image: string | null;
  state: string;
  run: string | null;
  message: string | null;
}

const told = `/srv/ctmgr/told-${randomBytes(4).toString('hex')}`;
let site: Site;
let slurm: SlurmStandIns;

beforeAll(async () => {
  slurm = await makeSlurmStandIns();
  site = await makeSite({
    slurm: slurm.toml,
    retry: 'infrastructure = 0\ndelay = 0',
    tables: `
[benchmarks.command]
gap = 0
[gates.speed]
benchmark = "command"
metrics = ["value"]
images = ["fast", "sl*"]
pairs = 8
allocations = 1
parameters = { command = '${command}', pattern = '^time (?<value>\\S+)$', unit = "s" }
[gates.broken]
benchmark = "none"
images = ["odd"]
[notify]
exec = ["/bin/sh", "-c", "cat >>$0; echo >>$0", "${told}"]
`,
  });
  const words: Record<string, string> = { fast: 'true', slow: 'touch /slow', odd: 'true', free: 'true' };
  for (const [name, run] of Object.entries(words)) {
    await required(site.import(name, `FROM ${busybox}\nRUN ${run}\n`, {}, ['--no-pull-config']));
  }
});

afterAll(async () => {
  await site.remove();
  await slurm.remove();
  await output(['rm', '-f', told]);
});

const gates = (): Promise<GateRow[]> => site.json<GateRow[]>(['bench', 'gate']);
const meaning = async (): Promise<string[]> =>
  (await site.json<{ name: string; tag: string }[]>(['list'])).map(({ name, tag }) => `${name}:${tag}`);

it('lets a name mean an image that is not slower, and keeps one back that is, though the answer of sbatch is lost', async () => {
  const { stdout } = await required(site.ctmgr(['rebuild', '--wait']));
  expect(stdout).toContain('Held by gates until their benchmarks have passed: fast, odd, slow');
  const tag = /^Build tag (\S+):/m.exec(stdout)?.[1] ?? '';
  expect(await meaning()).toEqual([`free:${tag}`]);
  const status = await site.status(tag);
  expect(status.map(({ name, message }) => `${name}: ${message}`).sort()).toEqual([
    'fast: held by gate speed: not submitted yet',
    'free: null',
    'odd: held by gate broken: not submitted yet',
    'slow: held by gate speed: not submitted yet',
  ]);

  // The first run reaches Slurm, and whoever has submitted it dies without knowing; so does the next one before it submits.
  await slurm.order('sbatch', 'lose');
  expect(await site.ctmgr(['poll'])).toMatchObject({ code: 137 });
  await slurm.order('sbatch', 'die');
  expect(await site.ctmgr(['poll'])).toMatchObject({ code: 137 });
  const service = await startKillable(site, ['service']);
  try {
    const open = await until('decisions', gates, (rows) =>
      rows.every(({ state }) => /held|cannot tell|open/.test(state)),
    );
    expect(open.map(({ gate, image, state }) => [gate, image, state])).toEqual([
      ['broken', `odd:${tag}`, 'cannot tell'],
      ['speed', `slow:${tag}`, 'held'],
    ]);
    expect(open[0]?.message).toBe('cannot be run: there is no benchmark "none"');
    expect(open[1]?.message).toMatch(
      /^command-\S+: cannot tell at a margin of 1 % \(estimate \+[45]\.\d+ %.*8 pairs could have been drawn in 36 ways, too few/,
    );
    // One array for each image: the call that got through is not made again, the one that did not is.
    expect((await slurm.calls()).filter((call) => /^sbatch .*ctmgr-bench/.test(call))).toHaveLength(3);
    const { stdout: runs } = await required(site.ctmgr(['bench', 'status', '--json']));
    expect(
      (JSON.parse(runs) as { image: string; jobs: number[] }[]).map(({ image, jobs }) => [image, jobs.length]),
    ).toEqual(
      expect.arrayContaining([
        [`fast:${tag}`, 1],
        [`slow:${tag}`, 1],
      ]),
    );
    expect(await meaning()).toEqual([`fast:${tag}`, `free:${tag}`]);
    await until(
      'a notice of both',
      () => output(['cat', told]),
      (text) => text.includes('"name":"odd"') && text.includes('"name":"slow","gate":"speed"'),
    );
    await service.signal('TERM');
    expect(await service.end).toMatchObject({ code: 0 });
  } finally {
    service.child.kill();
    await service.end;
  }

  expect(await site.ctmgr(['publish', tag])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('--message WHY'),
  });
  expect(await site.ctmgr(['publish', tag, '--message', '5 % are fine'])).toMatchObject({ code: 0 });
  expect(await meaning()).toEqual(['fast', 'free', 'odd', 'slow'].map((name) => `${name}:${tag}`));
  const { stdout: history } = await required(site.ctmgr(['history', 'slow']));
  expect(history).toMatch(/gate speed: overridden for \S+ .*5 % are fine/);
  expect(history).toMatch(/gate speed: holds \S+ .*cannot tell/);
});
