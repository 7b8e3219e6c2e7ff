import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { planDocument } from '../../lib/definitions/plan-document.ts';
import { resolveDockerfile } from '../../lib/definitions/resolve-dockerfile.ts';
import { CtmgrError } from '../../lib/util/errors.ts';

/** What changes nothing in Docker changes nothing in the plan, whatever the Dockerfile. */
const folder = join(import.meta.dirname, '../fixtures/dockerfiles');
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.df'))
  .map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);
const large = `# syntax=docker/dockerfile:1
ARG V=12
FROM debian:$V AS base
ENV A="1 2" B=\${A:-x} \\
    C=3
RUN --mount=type=cache,target=/c --network=none apt-get update && \\
    apt-get install -y \\
      gcc
SHELL ["/bin/bash", "-c"]
FROM base AS build
WORKDIR /src
COPY --chown=1:2 --chmod=755 --link a b* ./
RUN <<EOF
# not a comment \\
make
EOF
COPY <<A <<-"B" /d/
x$V
A
	y$V
B
FROM scratch
COPY --from=build /src/out /
ENTRYPOINT ["/out", "a b"]
CMD x
`;
const all = [...files, ['a large one', large] as const];

/** The plan without the places in the file; `refused` if it is. */
function meaning(text: string): string {
  try {
    const document = planDocument(resolveDockerfile(text, { buildArgs: {} }));
    return JSON.stringify(document, (key, value: unknown) => (key === 'line' || key === 'message' ? 0 : value), 1);
  } catch (error) {
    if (error instanceof CtmgrError) return 'refused';
    throw error;
  }
}

/** Changes each line that is not part of a here-document or a directive. */
function changeLines(text: string, change: (line: string, isStart: boolean) => string): string {
  let ends: string[] = [];
  let isStart = true;
  return text
    .split('\n')
    .map((line) => {
      if (ends.length > 0) {
        if (line.trim() === ends[0]) ends = ends.slice(1);
        return line;
      }
      if (line === '' || /^#\s*(syntax|escape|check)\s*=/.test(line)) return line;
      const changed = change(line, isStart);
      isStart = !/(^|[^\\])\\[ \t\r]*$/.test(line);
      if (/^\s*(ONBUILD\s+)?(RUN|COPY|ADD)\s/i.test(line)) {
        const marks = line.matchAll(/(?:^|\s)\d*<<-?\s*(?:"([^"]+)"|([\w.]+))(?=\s|$)/g);
        ends = line.includes('"a <<') ? [] : [...marks].map(([, quoted, plain]) => quoted ?? plain ?? '');
      }
      return changed;
    })
    .join('\n');
}

const changes: [string, (text: string) => string][] = [
  ['comments and blank lines', (text) => changeLines(text, (line) => `# RUN no\n\n  # no \\\n${line}`)],
  [
    'keywords in lower case, indented',
    (text) =>
      changeLines(text, (line, isStart) =>
        isStart ? line.replace(/^\s*\w+(?=\s)/, (word) => `  ${word.toLowerCase()}`) : line,
      ),
  ],
  [
    'the keyword on a line of its own',
    (text) =>
      changeLines(text, (line, isStart) =>
        isStart && !line.includes('<<') ? line.replace(/^(\w+)[ \t]+(?=\S)/, '$1 \\\n') : line,
      ),
  ],
  [
    'flags in the opposite order',
    (text) =>
      text.replaceAll(/^(RUN|COPY) ((?:--\S+ ){2,})/gm, (whole: string, keyword: string, flags: string) =>
        (flags.match(/--mount/g) ?? []).length > 1
          ? whole
          : `${keyword} ${flags.trim().split(' ').toReversed().join(' ')} `,
      ),
  ],
  ['a byte order mark', (text) => `\uFEFF${text}`],
  ['blanks at the ends of lines', (text) => changeLines(text, (line) => (/[\\\r]$/.test(line) ? line : `${line} \t`))],
  ['no line break at the end', (text) => text.replace(/\n+$/, '')],
  [
    'a stage that nobody needs',
    (text) =>
      text
        .replace(/^FROM/m, 'FROM nobody AS unused-stage\nRUN no\nFROM')
        .replaceAll(/--from=(\d)/g, (_, number: string) => `--from=${Number(number) + 1}`),
  ],
];

describe.each(changes)('%s', (_what, change) => {
  test.each(all)('%s', (_name, text) => {
    const plain = (document: string): string => document.replaceAll(/stage-\d+/g, 'stage-N');
    expect(plain(meaning(change(text)))).toBe(plain(meaning(text)));
  });

  test('changes something at all', () => {
    expect(change(large)).not.toBe(large);
  });
});
