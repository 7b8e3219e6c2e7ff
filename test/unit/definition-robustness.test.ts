import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from '@jest/globals';
import { checkDefinition } from '../../lib/apptainer/check-definition.ts';
import { parseDockerfile } from '../../lib/definitions/parse-dockerfile.ts';
import type { ContextManifest } from '../../lib/definitions/context-manifest.ts';
import { planDocument } from '../../lib/definitions/plan-document.ts';
import { planFromRows, planToRows } from '../../lib/definitions/plan-rows.ts';
import { PatternSyntaxError } from '../../lib/definitions/ignore-patterns.ts';
import { SourceError } from '../../lib/definitions/source-pattern.ts';
import { resolveDockerfile } from '../../lib/definitions/resolve-dockerfile.ts';
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
  'ADD ',
  'ONBUILD ',
  'SHELL ["/bin/x", "-c"]',
  'HEALTHCHECK CMD ',
  'VOLUME ',
  'EXPOSE 80',
  'FROM scratch',
  'FROM b AS c',
  'FROM c',
  'FROM --platform=$BUILDPLATFORM ',
  '# escape=`\n',
  '--mount=x ',
  '--mount=type=cache,target=/c ',
  '--mount=type=bind,from=c,target=/d ',
  '--mount=type=secret,id=s,env=S ',
  '--from=c ',
  '--from=0 ',
  '--from=r/i:1 ',
  '--chown=a:b ',
  '--chmod=0755 ',
  '--exclude=*.md ',
  '--parents ',
  'git://h/x.git#v:s?tag=t ',
  '--keep-git-dir ',
  'https://h/x ',
  'x/./y ',
  '**/',
  '[!a]*',
  '/dst/',
  'EOF\n',
  '<<-"A B" ',
  'A B',
  '#!/bin/sh\n',
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

const manifest: ContextManifest = {
  digest: '',
  entries: [
    { type: 'directory', path: 'x', mode: 0o755 },
    { type: 'file', path: 'x/y', mode: 0o600, size: 0, sha256: '' },
    { type: 'file', path: 'a.tgz', mode: 0o644, size: 0, sha256: '', archive: 'gzip' },
  ],
};

/** A small generator with a seed, so that a failure can be had again. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_122);
const rounds = Number(process.env['FUZZ_ROUNDS'] ?? 2000);
/** Longest conversion of a file of a few lines, in microseconds of processor time, which other work on the machine does not change. */
const longest = 2_000_000;

/** What Apptainer would reject in a definition of several stages, beyond what `renderDefinition` checks in each one by itself. */
function findProblems(definition: string): string[] {
  const starts = [...definition.matchAll(/^bootstrap:/gim)].map(({ index }) => index);
  const problems = starts.length === 0 ? ['no stage'] : [];
  const names = new Set<string>();
  for (const [index, start] of starts.entries()) {
    const text = definition.slice(start, starts[index + 1]);
    problems.push(...checkDefinition(text));
    for (const [, from = ''] of text.matchAll(/^%files from (.+)$/gm)) {
      if (!names.has(from)) problems.push(`%files from ${from}, which is no earlier stage`);
    }
    const own = /^Stage: (.+)$/m.exec(text)?.[1];
    if (own === undefined ? starts.length > 1 : names.has(own)) problems.push(`stage ${own ?? 'without a name'}`);
    names.add(own ?? '');
  }
  return problems;
}

/** True if it is converted, false if it is refused; anything else, or too long, is an error that shows the text. */
function convertOrRefuse(text: string, round: number): boolean {
  const start = process.cpuUsage();
  const converted = tryConvert(text, round);
  const { user, system } = process.cpuUsage(start);
  if (user + system > longest)
    throw new Error(`seed ${seed}, round ${round}: ${user + system} µs for ${JSON.stringify(text)}`);
  return converted;
}

function tryConvert(text: string, round: number): boolean {
  try {
    planDocument(resolveDockerfile(text, { buildArgs: {} }));
    const plan = parseDockerfile(text, { buildArgs: {} });
    if (!isDeepStrictEqual(planFromRows(planToRows(plan)), plan))
      throw new Error('the plan does not come back from its rows');
    const problems = findProblems(renderDefinition({ plan, manifest, overlays: [], labels: [], template }));
    if (problems.length > 0) throw new Error(problems.join('; '));
    return true;
  } catch (error) {
    if (error instanceof CtmgrError && error.code === 'badDefinition') return false;
    // These are found, and refused, when the build context is read.
    if (error instanceof SourceError || error instanceof PatternSyntaxError) return false;
    throw new Error(`seed ${seed}, round ${round}: ${JSON.stringify(text)}: ${String(error)}`, { cause: error });
  }
}

test('any text is converted or refused, never a crash, and what is converted can be read by Apptainer', () => {
  const random = generator(seed);
  let converted = 0;
  for (let round = 0; round < rounds; round += 1) {
    let text = random() < 0.9 ? 'FROM a\n' : '';
    for (let count = random() * 14; count > 0; count -= 1)
      text += pieces[Math.floor(random() * pieces.length)] as string;
    if (convertOrRefuse(text, round)) converted += 1;
  }
  expect(converted).toBeGreaterThan(rounds / 20);
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

const folder = join(import.meta.dirname, '../fixtures/dockerfiles');
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.df'))
  .map((name) => readFileSync(join(folder, name), 'utf8'));

test('files with a few characters changed are converted or refused', () => {
  const random = generator(seed);
  const pick = (length: number): number => Math.floor(random() * length);
  let seen = 0;
  for (let round = 0; round < rounds; round += 1) {
    let text = files[pick(files.length)] as string;
    if (random() < 0.3) text += (files[pick(files.length)] as string).replace(/^FROM a$/m, 'FROM a AS z');
    for (let count = 1 + pick(4); count > 0; count -= 1) {
      const at = pick(text.length);
      const piece =
        random() < 0.5 ? (pieces[pick(pieces.length)] as string) : text.slice(pick(text.length)).slice(0, pick(20));
      text = text.slice(0, at) + (random() < 0.7 ? piece : '') + text.slice(at + pick(6));
    }
    if (convertOrRefuse(text, round)) seen += 1;
  }
  expect(seen).toBeGreaterThan(rounds / 20);
});
