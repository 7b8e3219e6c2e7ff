import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readBaseConfigs } from '../../lib/definitions/base-config.ts';
import {
  type DocumentCopy,
  type DocumentStep,
  type PlanDocument,
  planDocument,
} from '../../lib/definitions/plan-document.ts';
import { resolveDockerfile } from '../../lib/definitions/resolve-dockerfile.ts';
import { CtmgrError } from '../../lib/util/errors.ts';

/**
 * Hard Dockerfiles, each beside what BuildKit's own frontend makes of it (dockerfile2llb, with a base image that has the default
 * PATH and CMD ["/bin/sh"]): steps in order and the image's configuration, or the error.
 */
const folder = join(import.meta.dirname, '../fixtures/dockerfiles');
const all = readdirSync(folder).filter((name) => name.endsWith('.df'));
const isRefused = (name: string): boolean => read(name).expected.error !== undefined;

interface Action {
  copy?: Record<string, unknown> & { src: string; dest: string };
  mkdir?: { path: string; owner?: { user: { User: { byName?: { name: string } } } } };
  mkfile?: { data: string; path: string };
}

interface Expected {
  error?: string;
  config: {
    Env: string[];
    Cmd?: string[];
    Entrypoint?: string[];
    Labels?: Record<string, string>;
    User?: string;
    WorkingDir?: string;
    OnBuild?: string[];
  };
  steps: {
    name: string;
    file?: Action[];
    mounts?: string[];
    in: string[];
    run?: { args: string[]; cwd: string; env: string[]; user: string };
    secretenv?: { ID: string; name: string }[];
    source?: string;
    i: number;
  }[];
}

const baseConfigs = readBaseConfigs(
  '{"config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["/bin/sh"]}}',
  'test',
);

function read(name: string): { document: () => PlanDocument; expected: Expected } {
  const text = readFileSync(join(folder, name), 'utf8');
  const expected = JSON.parse(readFileSync(join(folder, `${name}.llb.json`), 'utf8')) as Expected;
  return { document: () => planDocument(resolveDockerfile(text, { buildArgs: {}, baseConfigs })), expected };
}

const pairs = (list: string[]): Record<string, string> =>
  Object.fromEntries(list.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));

/** BuildKit's steps as lists of plain facts. */
function expectedFacts({ steps }: Expected): unknown[] {
  const texts = new Map<string, string>();
  for (const { file = [], i } of steps) {
    for (const { mkfile } of file) if (mkfile) texts.set(`${i}${mkfile.path}`, mkfile.data);
  }
  return steps.flatMap((step): unknown[] => {
    const { run, file = [], mounts = [], secretenv = [] } = step;
    if (run) {
      const targets = [...mounts.map((mount) => mount.split('<')[0]), ...secretenv.map(({ name }) => `$${name}`)];
      return [['run', run.args, pairs(run.env), run.cwd, run.user, targets.filter((t) => !/pipes|ssh/.test(t ?? ''))]];
    }
    return file.flatMap(({ copy, mkdir }, index): unknown[] => {
      if (mkdir) return [['workdir', mkdir.path]];
      if (!copy) return [];
      const input = step.in[index === 0 ? 1 : index + 1] ?? step.in[0];
      const text = texts.get(`${input?.split('.')[0]}${copy.src}`);
      return [
        [
          'copy',
          text === undefined ? [copy.src, copy['include_patterns'] ?? []].flat() : text,
          copy.dest,
          copy['exclude_patterns'] ?? [],
          copy['mode'] === -1 ? '' : Number(copy['mode']).toString(8),
        ],
      ];
    });
  });
}

function ourFacts(document: PlanDocument): unknown[] {
  return document.stages.flatMap(({ steps }) => steps.flatMap(stepFacts));
}

function stepFacts(step: DocumentStep): unknown[] {
  if (step.kind === 'workdir') return [['workdir', step.path]];
  if (step.kind !== 'run') return copyFacts(step);
  const targets = step.mounts
    .map(({ target, env }) => (env === undefined ? target : `$${env}`))
    .filter((target) => target !== '')
    .sort();
  return [['run', step.argv, step.env, step.cwd, step.user, targets]];
}

function copyFacts(step: DocumentCopy): unknown[] {
  return step.sources.map((source, index) => {
    const [pivot, rest] = source.split('/./');
    const path = step.from === 'git' ? '/' : step.from === 'url' ? `/${source.split('/').at(-1)}` : `/${source}`;
    const plain = path.replace('//', '/').replace(/^\/\.$/, '/');
    const from = step.parents ? [`/${pivot}`, rest] : [plain];
    return ['copy', step.contents?.[index] ?? from, step.dest, step.exclude, step.chmod];
  });
}

const refused = all.filter(isRefused);
const cases = all.filter((name) => !isRefused(name));

describe('BuildKit and ctmgr make the same of', () => {
  test.each(cases)('%s', (name) => {
    const { document, expected } = read(name);
    const { config, ...ours } = document();
    const wanted = expectedFacts(expected).map((fact) =>
      Array.isArray(fact) && fact[0] === 'run' ? [...fact.slice(0, 5), (fact[5] as string[]).toSorted()] : fact,
    );
    expect(ourFacts({ ...ours, config })).toEqual(wanted);
    expect(config).toMatchObject({
      env: pairs(expected.config.Env),
      cmd: expected.config.Cmd ?? [],
      entrypoint: expected.config.Entrypoint ?? [],
      labels: expected.config.Labels ?? {},
      user: expected.config.User ?? '',
      workdir: expected.config.WorkingDir ?? '/',
      onbuild: expected.config.OnBuild ?? [],
    });
  });

  test.each(cases)("%s without the base image's configuration: only CMD is not known", (name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    const resolve = (): PlanDocument => planDocument(resolveDockerfile(text, { buildArgs: {} }));
    const { document } = read(name);
    const [known, assumed] = [document(), resolve()];
    expect(assumed.stages).toEqual(known.stages);
    expect({ ...assumed.config, cmd: [] }).toEqual({ ...known.config, cmd: [] });
    const isImage = assumed.stages[0]?.base.kind === 'image';
    expect(assumed.warnings.some(({ code }) => code === 'base-config-assumed')).toBe(isImage);
  });

  test.each(refused)('%s, which both refuse', (name) => {
    expect(read(name).document).toThrow(CtmgrError);
  });

  test('all cases are there', () => {
    expect([cases.length, refused.length]).toEqual([34, 6]);
  });
});
