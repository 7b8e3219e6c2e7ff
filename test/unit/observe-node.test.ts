import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const template = readFileSync('sbatch-templates/bench.sbatch.mustache', 'utf8');
const nodeScript = /node\.sh" <<'CTMGR_END'\n([\s\S]*?)\nCTMGR_END\n/.exec(template)?.[1] ?? '';
const covariatesFunction = /\ncovariates\(\) \{[\s\S]*?\n\}\n/.exec(template)?.[0] ?? '';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctmgr-sys-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Makes a root of that name in the place of /sys. */
function sys(name: string, files: Record<string, string>): string {
  const root = join(folder, name);
  mkdirSync(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  }
  return root;
}

/** What a node with that root writes down, without its free memory. */
function observe(root: string, node = 'c1'): string[] {
  const prefix = join(root, 'seen');
  const env = { PATH: process.env['PATH'] ?? '', CTMGR_SYS: root, SLURMD_NODENAME: node };
  const { status, stderr } = spawnSync('sh', ['-s', prefix], { input: nodeScript, env, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  const lines = readFileSync(`${prefix}.${node}`, 'utf8').trimEnd().split('\n');
  expect(lines.filter((line) => line.includes('memory-available-mib\t'))).toHaveLength(1);
  return lines.filter((line) => !line.includes('memory-available-mib'));
}

const cpu = (n: number, governor: string, khz: number): Record<string, string> => ({
  [`devices/system/cpu/cpu${n}/cpufreq/scaling_governor`]: governor,
  [`devices/system/cpu/cpu${n}/cpufreq/scaling_cur_freq`]: String(khz),
});

describe('a node', () => {
  it('tells governors, mean frequency, hottest processor sensor, and the counters of packages', () => {
    const root = sys('full', {
      ...cpu(0, 'performance', 3_000_000),
      ...cpu(1, 'powersave', 2_000_000),
      'class/hwmon/hwmon0/name': 'nvme',
      'class/hwmon/hwmon0/temp1_input': '90000',
      'class/hwmon/hwmon1/name': 'coretemp',
      'class/hwmon/hwmon1/temp1_input': '61000',
      'class/hwmon/hwmon1/temp2_input': '64500',
      'class/thermal/thermal_zone0/type': 'acpitz',
      'class/thermal/thermal_zone0/temp': '27800',
      'class/powercap/intel-rapl:0/name': 'package-0',
      'class/powercap/intel-rapl:0/energy_uj': '1000',
      'class/powercap/intel-rapl:0/max_energy_range_uj': '262143328850',
      'class/powercap/intel-rapl:0:0/name': 'core',
      'class/powercap/intel-rapl:0:0/energy_uj': '500',
      'class/powercap/intel-rapl:1/name': 'package-1',
      'class/powercap/intel-rapl:1/energy_uj': '7',
      'class/powercap/intel-rapl:1/max_energy_range_uj': '100',
    });
    expect(observe(root)).toEqual([
      'c1\tgovernor\tperformance,powersave',
      'c1\tfrequency-mhz\t2500',
      'c1\ttemperature-celsius\t64.5',
      'c1\tenergy intel-rapl:0\t1000 262143328850',
      'c1\tenergy intel-rapl:1\t7 100',
    ]);
  });

  it('without such sensors takes the zone of the processor, or else the hottest of all', () => {
    const zones = { 'class/thermal/thermal_zone0/type': 'acpitz', 'class/thermal/thermal_zone0/temp': '71000' };
    const processor = {
      'class/thermal/thermal_zone1/type': 'x86_pkg_temp',
      'class/thermal/thermal_zone1/temp': '55000',
    };
    expect(observe(sys('zones', zones))).toEqual(['c1\ttemperature-celsius\t71.0']);
    expect(observe(sys('package', { ...zones, ...processor }))).toEqual(['c1\ttemperature-celsius\t55.0']);
  });

  it('tells nothing of what it has not or may not read', () => expect(observe(sys('empty', {}))).toEqual([]));
});

describe('the covariates of a leg', () => {
  const between = (before: string[], after: string[]): string[] => {
    const [one, other] = [join(folder, 'before'), join(folder, 'after')];
    writeFileSync(one, before.map((line) => `${line}\n`).join(''));
    writeFileSync(other, after.map((line) => `${line}\n`).join(''));
    const input = `node=c1\n${covariatesFunction}\ncovariates '${one}' '${other}'`;
    const { status, stdout } = spawnSync('sh', [], { input, encoding: 'utf8' });
    expect(status).toBe(0);
    return stdout.trimEnd().split('\n').sort();
  };

  it('are those before and after, by node, and the energy between, also over the end of a counter', () => {
    const before = [
      'c1\tfrequency-mhz\t3000',
      'c1\tenergy a\t100 1000',
      'c1\tenergy b\t950 1000',
      'c2\tenergy a\t5 1000',
    ];
    const after = [
      'c1\tfrequency-mhz\t2900',
      'c1\tenergy a\t400 1000',
      'c1\tenergy b\t50 1000',
      'c2\tenergy a\t6 1000',
    ];
    expect(between(before, [...after, 'c2\ttemperature-celsius\t70.0'])).toEqual([
      'after-frequency-mhz\t2900',
      'after-temperature-celsius@c2\t70.0',
      'before-frequency-mhz\t3000',
      'energy-microjoule\t400',
      'energy-microjoule@c2\t1',
    ]);
  });

  it('lack what was read once only', () => {
    expect(between(['c1\tenergy a\t100 1000'], [])).toEqual(['']);
    expect(between([], ['c1\tenergy a\t100 1000', 'c1\tgovernor\tx'])).toEqual(['after-governor\tx']);
  });
});
