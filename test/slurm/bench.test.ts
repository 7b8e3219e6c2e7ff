import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';

import { type Ended, exec, output, required, until } from './support/cluster.ts';
import { busybox, makeSite, type Site } from './support/site.ts';

/** A program whose true cost is built in, with a scatter of 0.05 %; runs of an allocation are counted in its folder. */
const script = `
mode={{{mode}}} counter=$CTMGR_ALLOCATION/runs
n=$(($(cat "$counter" 2>/dev/null || echo 0) + 1))
echo "$n" >"$counter"
# What is to be ended lasts after its first pair (runs 1 and 2 warm up), for longer than the half minute after which slurmctld
# looks for jobs whose time is over; what resumes it does not.
case $mode:$CTMGR_ALLOCATION in slow:*/1/0) [ "$n" -le 4 ] || sleep 20 ;; esac
size={{{N}}}
[ "$mode$CTMGR_LEG" != liarcontainer ] || size=$((size / 2))
if [ "$mode$CTMGR_LEG" = sneakcontainer ]; then launch() { srun "$@"; }; fi
launch awk -v n="$n" -v place="$SLURM_ARRAY_TASK_ID" -v size="$size" -v cost={{{cost}}} -v heat={{{heat}}} 'BEGIN {
  noise = 1 + ((n * 7919 + place * 104729) % 101 - 50) / 100000
  printf "N %d value %.6f\\n", size, 100 * noise * (ENVIRON["CTMGR_LEG"] == "container" ? cost : 1) * (n % 2 ? 1 : heat)
}'
`;
const definition = `
summary = "A program whose true cost is built in"
needs = "awk"
pattern = '^N (?<N>\\d+) value (?<value>\\S+)$'
[[metrics]]
name = "time"
unit = "s"
direction = "lower-is-better"
margin = 0.01
[resources]
gap = 0
time = 60
${Object.entries({ cost: '1', heat: '1', mode: 'honest', N: '200' })
  .map(([name, value]) => `[parameters.${name}]\nsummary = "${name}"\ndefault = "${value}"\n`)
  .join('')}echoed = "N"
`;
/** The container leg of the second pair never ends. */
const short = definition.replace('time = 60', 'time = 20');
const shortScript = `launch sh -c 'if [ "$CTMGR_LEG$CTMGR_POSITION" = container1 ]; then sleep 600; fi; echo N 200 value 1.0'`;
/** Claims to be apptainer and runs the command on bare metal. */
const impostor = `#!/bin/sh
[ "$1" = exec ] || exec /usr/bin/apptainer "$@"
while [ "\${1%.sif}" = "$1" ]; do shift; done
shift
exec "$@"
`;

interface Report {
  run: { name: string; jobs: number[]; aa: boolean };
  different_builds: string[];
  excluded: { reason: string }[];
  checks: { state: string; text: string }[];
  metrics: {
    name: string;
    verdict: string;
    pairs: number;
    estimate: number;
    interval95: [number, number];
    difference: { attainable: boolean };
    order: { value: number; p: number };
    fixed_orders: { sequence: string; claim: string }[];
  }[];
  pairs: { sequence: string; bare: Leg; container: Leg }[];
}
interface Leg {
  nodes: string[];
  output: string;
  outputSha256: string;
  parameters: Record<string, string>;
  covariates: Record<string, string>;
}

const folder = `/srv/ctmgr/bench-${randomBytes(4).toString('hex')}`;
let site: Site;
let image: Promise<Ended>;

const admin = (words: string[], env: Record<string, string> = {}): Promise<Ended> =>
  site.ctmgr(['bench', ...words], { user: 'admin1', env });
const json = async (words: string[]): Promise<Report> => {
  const { stdout, stderr } = await admin([...words, '--json']);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Report;
};
const measure = (more: string[], pairs = ['--pairs', '16', '--allocations', '4']): string[] => [
  'run',
  'truth',
  '--image',
  'tiny',
  '--wait',
  ...pairs,
  ...more,
];
/**
 * The nodes' own hpcc with all it loads, so that the image is made without the network and both legs run the same program.
 * The C library is the base image's.
 */
const packHpcc = `
lib=/usr/lib/x86_64-linux-gnu
folders="$lib/openmpi $lib/pmix2 /etc/openmpi /usr/share/openmpi"
loaded=$({ ldd /usr/bin/hpcc; find $lib/openmpi $lib/pmix2 -name '*.so*' -exec ldd {} +; } |
  sed -n 's,.*=> /\\(usr/\\)\\?\\(lib/[^ ]*\\) .*,/usr/\\2,p' | grep -vE '/lib(c|m|dl|rt|pthread)[.]so' | sort -u)
tar -chPf "$1" /usr/bin/hpcc $loaded $folders`;

const onePair = ['--pairs', '2', '--allocations', '1'];

beforeAll(async () => {
  site = await makeSite({
    paths: `benchmarks = "${folder}"`,
    // Processes that wait for each other without rest would keep a small machine from doing anything else.
    tables: `[benchmarks.hpcc]\nsrun_arguments = ["--mpi=pmix", "--export=ALL,OMPI_MCA_mpi_yield_when_idle=1"]\n`,
  });
  await site.write(`${folder}/truth/benchmark.toml`, definition);
  await site.write(`${folder}/truth/run.sh.mustache`, script);
  await site.write(`${folder}/short/benchmark.toml`, short);
  await site.write(`${folder}/short/run.sh.mustache`, shortScript);
  await output(['mkdir', '-p', `${site.inputs}/hpcc`]);
  await output(['bash', '-c', packHpcc, 'bash', `${site.inputs}/hpcc/hpcc.tar`]);
  const hpcc = 'FROM 127.0.0.1:5000/debian:13\nADD hpcc.tar /\n';
  for (const [name, text] of Object.entries({ tiny: `FROM ${busybox}\n`, hpcc })) {
    await required(site.import(name, text, {}, ['--no-pull-config']));
  }
  await required(site.ctmgr(['rebuild', 'tiny', '--wait']));
  // This one takes long and is needed last.
  image = site.ctmgr(['rebuild', 'hpcc', '--wait']);
});

afterAll(async () => {
  await image;
  await site.remove();
  await output(['rm', '-rf', '--', folder]);
});

describe('a program whose true cost is known', () => {
  let same: Report;
  let dearer: Report;
  let hot: Report;
  let self: Ended;
  let biased: Ended;
  const aa = (...more: string[]): Promise<Ended> =>
    admin(['run', 'truth', '--aa', '--wait', '--json', '--pairs', '16', '--allocations', '4', ...more]);
  /** Whether the stated interval holds the true difference. */
  const holds = ({ metrics }: Report, truth: number): boolean => {
    const [low = 1, high = 0] = metrics[0]?.interval95 ?? [];
    return low <= truth && truth <= high;
  };

  beforeAll(async () => {
    [same, dearer, hot, self, biased] = await Promise.all([
      json(measure(['--seed', 'same'])),
      json(measure(['--seed', 'dearer', '--set', 'cost=1.02'])),
      json(measure(['--seed', 'hot', '--set', 'heat=1.015'])),
      aa('--seed', 'self', '--set', 'heat=1.015'),
      // The leg that stands in for the container is told so: a set-up that is biased.
      aa('--seed', 'biased', '--set', 'cost=1.02'),
    ]);
  });

  it('is found to cost nothing where it does', () => {
    expect(same.excluded).toEqual([]);
    expect(same.metrics[0]).toMatchObject({ verdict: 'equivalent', pairs: 16 });
    expect(Math.abs(same.metrics[0]?.estimate ?? 1)).toBeLessThan(0.001);
    expect(holds(same, 0)).toBe(true);
  });

  it('is found to cost 2 % where it does', () => {
    const [metric] = dearer.metrics;
    expect(metric).toMatchObject({ verdict: 'slower', pairs: 16 });
    const [low = 1, high = 0] = metric?.interval95 ?? [];
    expect([holds(dearer, Math.log(1.02)), high - low < 0.004]).toEqual([true, true]);
  });

  it('is found to cost nothing on nodes that get hot, and the heat is named; a fixed order is wrong both ways', async () => {
    const [metric] = hot.metrics;
    expect(metric).toMatchObject({ verdict: 'equivalent', pairs: 16 });
    expect(holds(hot, 0)).toBe(true);
    expect(metric?.order.value).toBeCloseTo(Math.log(1.015), 3);
    expect(metric?.order.p).toBeLessThan(0.001);
    expect(metric?.fixed_orders.map(({ sequence, claim }) => `${sequence} ${claim}`)).toEqual([
      'bare-first slower',
      'container-first faster',
    ]);
    const { stdout } = await admin(['report', hot.run.name]);
    expect(stdout).toMatch(/^truth, tiny:\S+: costs nothing at a margin of 1 %/);
    expect(stdout).toMatch(/^Order: the second run of a pair costs \+1\.[45]\d %/m);
    expect(stdout).toMatch(/Always running bare metal first would have shown the container slower by 1\.[45]\d %/);
    expect(stdout).toContain('Different build: awk is not the same in both legs');
  });

  it('has run in both orders, each pair on one node, with all outputs kept', async () => {
    for (const { pairs, run } of [same, dearer, hot]) {
      expect(pairs.filter(({ sequence }) => sequence === 'bare-first')).toHaveLength(8);
      for (const { bare, container } of pairs) expect(bare.nodes).toEqual(container.nodes);
      expect(pairs[0]?.bare.covariates).toMatchObject({ kernel: expect.any(String), slurm: expect.any(String) });
      const files = pairs.flatMap(({ bare, container }) => [bare, container]);
      const sums = files.map((leg) => `${leg.outputSha256}  ${site.share}/bench/${run.name}/${leg.output}\n`).join('');
      expect(await exec(['sha256sum', '--check', '--quiet'], { input: sums })).toMatchObject({ code: 0 });
    }
  });

  it('is the same as itself on bare metal, and where it is not the run fails', () => {
    const said = ({ code, stdout }: Ended): unknown[] => {
      const { metrics, checks } = JSON.parse(stdout) as Report;
      const failed = checks.filter(({ state }) => state === 'failed').map(({ text }) => text);
      return [code, metrics[0]?.verdict, metrics[0]?.difference.attainable, failed];
    };
    expect(said(self)).toEqual([0, 'equivalent', true, []]);
    const text = 'Bare metal differs from itself in time: the machine or the method is biased';
    expect(said(biased)).toEqual([1, 'slower', true, [text]]);
  });

  it('would be run like that, says --dry-run, which changes nothing', async () => {
    const runs = async (): Promise<unknown[]> => JSON.parse((await admin(['status', '--json'])).stdout) as unknown[];
    const before = await runs();
    const words = measure(['--seed', 'same', '--dry-run', '--json']).filter((word) => word !== '--wait');
    const { plan } = JSON.parse((await admin(words)).stdout) as { plan: { pairs: { sequence: string }[] } };
    expect(plan.pairs.map(({ sequence }) => sequence)).toEqual(same.pairs.map(({ sequence }) => sequence));
    const few = await admin(['run', 'truth', '--aa', '--pairs', '8', '--dry-run']);
    expect(few.stdout).toMatch(/8 pairs in 3 allocations can be drawn in 24 ways: .* takes at least 16 pairs/);
    const none = await admin(['run', 'truth', '--aa', '--pairs', '4', '--dry-run']);
    expect(none.stdout).toMatch(
      /4 pairs in 2 allocations can be drawn in 4 ways: they can show nothing.* at least 8 pairs, 16/,
    );
    expect(await runs()).toHaveLength(before.length);
  });

  it('is reported with the same bytes every time', async () => {
    const words = ['report', same.run.name, '--json'];
    const [one, other] = await Promise.all([admin(words), site.ctmgr(['bench', ...words])]);
    expect(one).toMatchObject({ code: 0 });
    expect(other.stdout).toBe(one.stdout);
    const pages = ['1', '2'].map((name) => `${site.inputs}/page-${name}.html`);
    for (const page of pages) await required(site.ctmgr(['bench', 'report', same.run.name, '--html', page]));
    expect(await exec(['cmp', ...pages])).toMatchObject({ code: 0 });
    const page = await output(['cat', ...pages.slice(1)]);
    expect(page).toMatch(/class="verdict">\s*truth: costs nothing at a margin of 1 %/);
    expect(page.match(/<dt>recipe<\/dt>\s*<dd>tiny, version 1</)).not.toBeNull();
    expect((await admin(['report', same.run.name, '--csv'])).stdout.trim().split('\n')).toHaveLength(33);
  });
});

describe('legs that are not what they should be', () => {
  const runs = new Map<string, Ended>();
  const run = async (name: string, words: string[], config?: string): Promise<void> => {
    const env = config === undefined ? {} : { CTMGR_CONFIG: config };
    runs.set(name, await admin([...words, '--json', ...onePair], env));
  };
  const refused = (name: string): { code: number | null | undefined; reasons: string[]; report: Report } => {
    const { code, stdout } = runs.get(name) ?? {};
    const report = JSON.parse(stdout ?? '') as Report;
    return { code, report, reasons: report.excluded.map(({ reason }) => reason) };
  };

  beforeAll(async () => {
    await site.write(`${site.inputs}/apptainer`, impostor, '755');
    // ctmgr's wrapper stands before Slurm's own commands.
    const bin = `${site.inputs}/bin`;
    const make = `mkdir "$0" && cd "$0" && for t in srun sbatch; do ln -s /opt/ctmgr/spank/srun $t; done
      for t in sacct squeue scontrol scancel; do ln -s /usr/bin/$t $t; done`;
    await output(['sh', '-c', make, bin]);
    const config = await output(['cat', `${site.inputs}/config.toml`]);
    const [sneaky, wrapped] = [`${site.inputs}/impostor.toml`, `${site.inputs}/wrapped.toml`];
    await site.write(sneaky, `${config}\n[apptainer]\npath = "${site.inputs}/apptainer"\n`);
    await site.write(wrapped, config.replace('[slurm]', `[slurm]\nbin_dir = "${bin}"`));
    await Promise.all([
      run('liar', measure(['--set', 'mode=liar'], [])),
      run('sneak', measure(['--set', 'mode=sneak'], [])),
      run('impostor', measure([], []), sneaky),
      run('aa', ['run', 'truth', '--aa', '--wait']),
      run('short', ['run', 'short', '--image', 'tiny', '--wait'], wrapped),
    ]);
  });

  it.each([
    ['liar', 'container leg: N is 100, not 200 as requested'],
    ['sneak', 'container leg: it did not start its program through launch, so nobody knows where that ran'],
  ])('%s', (mode, reason) => {
    const { code, reasons, report } = refused(mode);
    expect([code, reasons]).toEqual([1, [reason, reason]]);
    expect(report.metrics[0]).toMatchObject({ pairs: 0, verdict: 'inconclusive' });
  });

  it('a container leg that secretly runs on bare metal', () => {
    const { code, reasons } = refused('impostor');
    const bare = expect.stringMatching(/^container leg: it ran on bare metal, not inside \S+\/tiny\.sif$/);
    expect([code, reasons]).toEqual([1, [bare, bare]]);
  });

  it('bare metal against itself runs no image, and is never called slower', () => {
    const { code, reasons, report } = refused('aa');
    expect([code, reasons, report.run.aa]).toEqual([0, [], true]);
    for (const { container } of report.pairs) expect(container.covariates).not.toHaveProperty('apptainer');
    expect(report.metrics[0]?.verdict).not.toMatch(/slower/);
  });

  it('a leg that takes too long is stopped alone; all start although the wrapper stands before srun', () => {
    const { code, reasons, report } = refused('short');
    expect([code, reasons]).toEqual([1, ['container leg: it took longer than 20 s and was stopped']]);
    expect(report.pairs.map(({ bare }) => bare.nodes.length)).toEqual([1, 1]);
  });
});

describe('a job that is killed, and one whose time is over', () => {
  const orders = ({ pairs }: Report): string[] => pairs.map(({ sequence }) => sequence);
  const start = async (seed: string): Promise<{ run: string; before: Report }> => {
    const slow = ['--pairs', '4', '--allocations', '1', '--seed', seed, '--set', 'mode=slow', '--json'];
    const { stdout } = await required(admin(['run', 'truth', '--image', 'tiny', ...slow]));
    const { run } = JSON.parse(stdout) as { run: string };
    const place = `${site.share}/bench/${run}/1/0`;
    await until(
      'a complete pair',
      () => exec(['ls', `${place}/0-bare/record.json`, `${place}/0-container/record.json`]),
      ({ code }) => code === 0,
    );
    return { run, before: await json(['report', run]) };
  };
  const ending = async (run: string): Promise<{ done: number; messages: string[] }> => {
    const read = async (): Promise<{ state: string; done: number; messages: string[] }[]> =>
      site.json(['bench', 'status', run]);
    const [status] = await until('its end', read, ([one]) => one?.state === 'incomplete');
    return status ?? { done: 0, messages: [] };
  };

  // Not "now": slurmctld refuses an end that has passed when the request arrives. On a busy machine that may be true of this one.
  const overSoon = 'until scontrol update "JobId=$1" EndTime=now+2; do sleep 0.1; done';
  const ways: Record<string, (job: string) => string[]> = {
    // The batch script itself has no chance to say anything.
    killed: (job) => ['scancel', '--full', '--signal=KILL', job],
    'out of time': (job) => ['timeout', '20', 'sh', '-c', overSoon, 'sh', job],
  };
  const flow = async (seed: string, end: (job: string) => string[]) => {
    const { run, before } = await start(seed);
    await output(end(String(before.run.jobs[0])));
    const { done, messages } = await ending(run);
    const resumed = await admin(['resume', run, '--wait']);
    return { before, done, messages, resumed, after: await json(['report', run]), again: await admin(['resume', run]) };
  };
  let flows: Record<string, Awaited<ReturnType<typeof flow>>>;

  beforeAll(async () => {
    const all = Object.entries(ways).map(async ([name, end]) => [name, await flow(name, end)] as const);
    flows = Object.fromEntries(await Promise.all(all));
  });

  it.each(Object.keys(ways))('%s: complete pairs stay, resume runs the others in the order that was drawn', (name) => {
    const { before, done, messages, resumed, after, again } = flows[name] ?? {};
    expect(messages).toEqual([
      expect.stringMatching(
        name === 'killed'
          ? /^submission 1: allocation 0: /
          : /^submission 1: allocation 0: (leg .* has failed, and |stopped before its end|TIMEOUT)/,
      ),
    ]);
    expect(done).toBeGreaterThanOrEqual(1);
    expect(done).toBeLessThan(4);
    expect(resumed).toMatchObject({ code: 0 });
    expect([after?.run.jobs.length, after?.excluded]).toEqual([2, []]);
    expect(after && orders(after)).toEqual(before && orders(before));
    const from = after?.pairs.map(({ bare, container }) => `${bare.output[0]}${container.output[0]}`);
    expect(from).toEqual([...Array(done).fill('11'), ...Array(4 - (done ?? 4)).fill('22')]);
    expect(again?.stdout).toContain('has all of its pairs');
  });
});

describe('HPC Challenge', () => {
  it('really runs with two processes, bare and in the container', async () => {
    await required(image);
    const small = ['--pairs', '2', '--allocations', '1', '--gap', '0', '--set', 'N=500'];
    const report = await json(['run', 'hpcc', '--image', 'hpcc', '--wait', ...small]);
    expect(report.excluded).toEqual([]);
    for (const { bare, container } of report.pairs) {
      for (const { parameters } of [bare, container]) expect(parameters).toMatchObject({ N: '500', processes: '2' });
    }
    expect(report.metrics.map(({ pairs }) => pairs)).toEqual([2, 2, 2, 2, 2]);
  });
});
