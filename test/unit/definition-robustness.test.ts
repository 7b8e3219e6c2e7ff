import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parseDockerfile } from '../../lib/definitions/parse-dockerfile.ts';
import { renderDefinition } from '../../lib/definitions/render-definition.ts';
import { CtmgrError } from '../../lib/util/errors.ts';

const template = readFileSync(new URL('../../recipe-templates/definition.def.mustache', import.meta.url), 'utf8');
const pieces = [
  'FROM a',
  'RUN ',
  'ENV A=',
  'ARG ',
  'LABEL x=',
  'WORKDIR ',
  'USER ',
  'CMD ',
  'ENTRYPOINT ',
  'COPY ',
  'ONBUILD ',
  '--mount=x ',
  '\n',
  '\n',
  '\n',
  '\\\n',
  '\r\n',
  ' ',
  '\t',
  '#',
  '"',
  "'",
  '`',
  '$',
  '${',
  '}',
  ':-',
  ':+',
  '%%',
  '//',
  '{{x}}',
  '%post',
  'bootstrap:',
  '["a", "b"]',
  '[',
  ']',
  'x',
  '/x/',
  'A',
  'PATH',
  '=',
  '<<EOF',
  'EOF',
  '\u0000',
  '\uFEFF',
  'é😀',
  '\ud800',
  '\\',
  '..',
  '*',
  '"\\u0000"',
];

/** A small generator with a seed, so that a failure can be had again. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test('any text is converted or refused, never a crash, and what is converted can be read by Apptainer', () => {
  const random = generator(20261122);
  let converted = 0;
  for (let round = 0; round < 4000; round += 1) {
    let text = random() < 0.9 ? 'FROM a\n' : '';
    for (let count = random() * 14; count > 0; count -= 1)
      text += pieces[Math.floor(random() * pieces.length)] as string;
    try {
      const plan = parseDockerfile(text, { buildArgs: {} });
      const withoutCopies = { ...plan, steps: plan.steps.filter(({ kind }) => kind !== 'copy') };
      renderDefinition({
        plan: withoutCopies,
        manifest: { entries: [], digest: '' },
        overlays: [],
        labels: [],
        template,
      });
      converted += 1;
    } catch (error) {
      if (error instanceof CtmgrError && error.code === 'badDefinition') continue;
      throw new Error(`round ${round}: ${JSON.stringify(text)}`, { cause: error });
    }
  }
  expect(converted).toBeGreaterThan(200);
});

test.each([
  ['ENV', `ENV ${'N'.repeat(5000)}=${'v'.repeat(5000)}`],
  ['WORKDIR', `WORKDIR /${'d'.repeat(5000)}`],
  ['LABEL', `LABEL ${'l'.repeat(5000)}=${"it's $() ; é".repeat(400).replaceAll(' ', '_').replaceAll("'", '')}`],
  ['RUN', `RUN ${'echo "$(x)"; '.repeat(4000)}`],
])('5,000 characters in %s are carried', (_, instruction) => {
  const plan = parseDockerfile(`FROM a\n${instruction}`, { buildArgs: {} });
  const definition = renderDefinition({
    plan,
    manifest: { entries: [], digest: '' },
    overlays: [],
    labels: [],
    template,
  });
  expect(definition.length).toBeGreaterThan(5000);
});
