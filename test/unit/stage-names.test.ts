import { expect, test } from '@jest/globals';
import { parseDockerfile } from '../../lib/definitions/parse-dockerfile.ts';
import { type DocumentStep, planDocument } from '../../lib/definitions/plan-document.ts';
import { resolveDockerfile } from '../../lib/definitions/resolve-dockerfile.ts';

/** Which stage names mean, by BuildKit's addState and toCommand (frontend/dockerfile/dockerfile2llb/convert.go). */
const describeStep = (step: DocumentStep): string =>
  step.kind === 'run' ? (step.argv[2] ?? '') : step.kind === 'workdir' ? step.path : step.from;

function stages(text: string, target?: string): string[] {
  const { stages: found } = planDocument(resolveDockerfile(text, { buildArgs: {}, target }));
  return found.map(
    ({ name, base, steps }) => `${name} <- ${base.kind} ${base.ref}: ${steps.map(describeStep).join(' ')}`,
  );
}

test('a later stage of the same name takes it over from there on', () => {
  const text = 'FROM a AS x\nRUN 1\nFROM x AS x\nRUN 2\nFROM x\nCOPY --from=X /f /g\n';
  expect(stages(text)).toEqual([
    'x <- image docker.io/library/a:latest: 1',
    'x-2 <- stage x: 2',
    'stage-2 <- stage x-2: stage:x-2',
  ]);
  expect(stages(text, 'x')).toHaveLength(2);
});

test('COPY --from means the last stage of a name, also where an earlier one has it too', () => {
  expect(() => stages('FROM a AS x\nFROM b\nCOPY --from=x /f /g\nFROM c AS x\n', '1')).toThrow('not an earlier stage');
});

test('a stage without a name cannot be meant by the one that it gets', () => {
  expect(stages('FROM a\nRUN 1\nFROM stage-0\n')).toEqual(['stage-1 <- image docker.io/library/stage-0:latest: ']);
  expect(stages('FROM a AS stage-1\nRUN 1\nFROM stage-1\nRUN 2\nFROM b\nCOPY --from=1 / /x\n')).toEqual([
    'stage-1 <- image docker.io/library/a:latest: 1',
    'stage-1-2 <- stage stage-1: 2',
    'stage-2 <- image docker.io/library/b:latest: stage:stage-1-2',
  ]);
});

test('scratch and context may be names of stages; FROM knows names only in lower case', () => {
  expect(stages('FROM scratch AS scratch\nFROM scratch AS context\nFROM context\n')).toEqual([
    'scratch <- scratch : ',
    'context <- stage scratch: ',
    'stage-2 <- stage context: ',
  ]);
  expect(() => stages('FROM a AS Base\nFROM Base\n')).toThrow('not the name of an image');
});

test('a thousand stages, each from the one before, and no more', () => {
  const chain = (length: number) =>
    Array.from({ length }, (_, index) => `FROM ${index === 0 ? 'a' : `s${index - 1}`} AS s${index}\nRUN ${index}`).join(
      '\n',
    );
  expect(parseDockerfile(chain(1000), { buildArgs: {} }).stages).toHaveLength(999);
  expect(() => parseDockerfile(chain(1001), { buildArgs: {} })).toThrow('more than 1000 stages [stages]');
});
