import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';

import { standInFiles, standIns } from './support/bench-stand-ins.ts';
import { output, required, until } from './support/cluster.ts';
import { busybox, makeSite, type Site } from './support/site.ts';

interface Report {
  run: { requested: Record<string, string> };
  excluded: { position: number; reason: string }[];
  metrics: { name: string }[];
  different_builds: string[];
  pairs: {
    bare: {
      nodes: string[];
      covariates: Record<string, string>;
      measurements: { metric: string }[];
      parameters: Record<string, string>;
    };
  }[];
}

const folder = `/srv/ctmgr/stand-ins-${randomBytes(4).toString('hex')}`;
const inImage = '/opt/stand-ins';
let site: Site;
let reports: Report[];

beforeAll(async () => {
  const tables = standIns.map(
    ({ benchmark, variable, program }) => `[benchmarks.${benchmark}]
programs = { ${variable} = "${folder}/${program}" }
container_programs = { ${variable} = "${inImage}/${program}" }
apptainer_arguments = ["--bind", "/scratch"]
gap = 0`,
  );
  site = await makeSite({ tables: tables.join('\n') });
  const files = standInFiles();
  for (const [name, text] of Object.entries(files)) await site.write(`${folder}/${name}`, text, '755');
  const dockerfile = `FROM ${busybox}\nCOPY ${Object.keys(files).join(' ')} ${inImage}/\nRUN chmod 755 ${inImage}/*\n`;
  await required(site.import('programs', dockerfile, files, ['--no-pull-config']));
  await required(site.ctmgr(['rebuild', '--wait']));
  const common = ['--image', 'programs', '--pairs', '2', '--allocations', '1', '--json'];
  const started = await Promise.all(
    standIns.map(({ benchmark, words }) =>
      required(site.ctmgr(['bench', 'run', benchmark, ...common, ...words], { user: 'admin1' })),
    ),
  );
  const names = started.map(({ stdout }) => (JSON.parse(stdout) as { run: string }).run);
  await until(
    'the end of all runs',
    () => site.json<{ state: string }[]>(['bench', 'status']),
    (runs) => runs.every(({ state }) => state !== 'running'),
  );
  reports = await Promise.all(names.map((name) => site.json<Report>(['bench', 'report', name])));
});

afterAll(async () => {
  await site.remove();
  await output(['rm', '-rf', '--', folder]);
});

it.each(standIns.map((one, at) => [one.benchmark, at] as const))(
  '%s runs with the parameters that were asked for, is understood, and refused with others or without its end',
  (_name, at) => {
    const [report, standIn] = [reports[at], standIns[at]];
    expect(report?.excluded).toMatchObject([
      { position: 0, reason: standIn?.wrong },
      { position: 1, reason: standIn?.cut },
    ]);
    const good = report?.pairs.map(({ bare }) => bare) ?? [];
    for (const { measurements, parameters } of good) {
      expect(parameters).toMatchObject(report?.run.requested ?? {});
      const measured = new Set(measurements.map(({ metric }) => metric));
      expect(report?.metrics.filter(({ name }) => !measured.has(name))).toEqual([]);
    }
    expect([good.length, report?.different_builds]).toEqual([2, []]);
  },
);

it('on two nodes both legs run on both, and both are observed', () => {
  const at = standIns.findIndex(({ benchmark }) => benchmark === 'imb');
  for (const { bare } of reports[at]?.pairs ?? []) {
    const [, other = ''] = bare.nodes;
    expect(bare.nodes).toHaveLength(2);
    for (const when of ['before', 'after']) {
      expect(bare.covariates[`${when}-memory-available-mib`]).toMatch(/^\d+$/);
      expect(bare.covariates[`${when}-memory-available-mib@${other}`]).toMatch(/^\d+$/);
    }
  }
});
