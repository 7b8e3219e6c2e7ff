import { describe, expect, test } from '@jest/globals';
import { planFromRows, planToRows } from '../../lib/definitions/plan-rows.ts';
import { newestRenderer, type RecipePlan } from '../../lib/definitions/recipe-plan.ts';
import { emptyPlan } from './support/empty-plan.ts';

const variable = { name: 'PATH', value: String.raw`/opt/bin:${'${PATH:-/bin}'} \$x` };
const run = { form: 'shell' as const, argv: ['/bin/sh', '-c', "echo 'it''s' \n  two"], cwd: '/src', user: '1000:100' };

const everything: RecipePlan = {
  base: { kind: 'image', reference: 'registry.example.org:5000/a/b:1', line: 2 },
  steps: [
    { kind: 'env', line: 3, instruction: 'ENV PATH', variables: [variable, { name: 'E', value: '' }] },
    { kind: 'workdir', line: 4, instruction: 'WORKDIR /src', path: '/src', user: '' },
    { kind: 'copy', line: 5, instruction: 'COPY a b* /dst/', add: false, sources: ['a', 'b*'], destination: '/dst/' },
    { kind: 'run', line: 6, instruction: 'RUN echo', ...run },
    { kind: 'copy', line: 8, instruction: 'ADD c /c', add: true, sources: ['größe "c"'], destination: '/c' },
    { kind: 'arg', line: 9, instruction: 'ARG V=3', variables: [{ name: 'V', value: '3' }] },
    { kind: 'user', line: 10, instruction: 'USER 1000', user: '1000' },
    { kind: 'run', line: 11, instruction: 'RUN ["id"]', form: 'exec', argv: ['id', ''], cwd: '/', user: '' },
  ],
  environment: [variable],
  labels: [{ name: 'org.example.a', value: 'b c' }],
  entrypoint: ['/bin/app', ''],
  cmd: ['-x', 'ä\n'],
  workdir: '/src',
  user: '1000',
  warnings: [{ line: 3, code: 'some-warning', message: 'text' }],
};

const severalStages: RecipePlan = {
  ...everything,
  name: 'final',
  stages: [
    { name: 'base', base: { kind: 'image', reference: 'debian:12', line: 1 }, steps: everything.steps.slice(0, 3) },
    { name: 'empty', base: { kind: 'scratch', reference: 'scratch', line: 2 }, steps: [] },
    {
      name: 'build',
      base: { kind: 'stage', reference: 'base', line: 3 },
      steps: [
        {
          kind: 'run',
          line: 4,
          instruction: 'RUN <<EOF',
          ...run,
          mounts: [{ type: 'bind', target: '/m', readonly: true, from: { kind: 'stage', reference: 'base' } }],
          script: { path: '/dev/pipes/EOF', text: '#!/bin/sh\n' },
        },
        {
          kind: 'copy',
          line: 5,
          instruction: 'COPY --from=base a /b',
          add: false,
          sources: ['a'],
          destination: '/b',
          from: { kind: 'stage', reference: 'base' },
          chown: '1:2',
          chmod: 'u+x',
          exclude: ['*.md'],
          parents: true,
        },
        {
          kind: 'copy',
          line: 6,
          instruction: 'COPY <<A /b',
          add: false,
          sources: ['A'],
          destination: '/b',
          inline: [{ name: 'A', text: 'x\n' }],
        },
      ],
    },
  ],
  inert: {
    exposed: ['80/tcp'],
    volumes: ['/v'],
    stopSignal: 'SIGINT',
    healthcheck: { test: ['NONE'] },
    onbuild: ['RUN x'],
  },
};

/** Through the rows and through text, as the database does it. */
function throughStore(plan: RecipePlan): RecipePlan {
  const { rows, imageConfig } = planToRows(plan);
  return planFromRows({ rows: JSON.parse(JSON.stringify(rows)) as typeof rows, imageConfig });
}

describe('a plan comes back from its rows without any loss', () => {
  test.each([
    ['the emptyPlan', emptyPlan],
    ['one of everything', everything],
    ['several stages', severalStages],
    ['a cleared entry point', { ...everything, entrypoint: [] }],
    ['a cleared command', { ...everything, cmd: [] }],
    ['no entry point', { ...everything, entrypoint: null }],
    ['of an ordinary version', { ...emptyPlan, renderer: 1 }],
    ['no command', { ...everything, cmd: null }],
  ])('%s', (_what, plan) => {
    expect(throughStore(plan)).toEqual(plan);
  });
});

test('a plan of a newer ctmgr is refused, not rendered in another way', () => {
  const stored = planToRows({ ...emptyPlan, renderer: newestRenderer + 1 });
  expect(() => planFromRows(stored)).toThrow('stored by a newer ctmgr');
});

test('positions count over tasks and files together', () => {
  const { rows } = planToRows(everything);
  expect(rows.tasks.map(({ position, kind }) => `${position} ${kind}`)).toEqual([
    '0 env',
    '1 workdir',
    '3 run',
    '5 arg',
    '6 user',
    '7 run',
  ]);
  expect(rows.files.map(({ position, sources, destination }) => [position, sources, destination])).toEqual([
    [2, '["a","b*"]', '/dst/'],
    [4, '["größe \\"c\\""]', '/c'],
  ]);
});
