import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parseDockerfile } from '../../lib/definitions/parse-dockerfile.ts';
import { planDocument } from '../../lib/definitions/plan-document.ts';
import { renderDefinition } from '../../lib/definitions/render-definition.ts';
import { resolveDockerfile } from '../../lib/definitions/resolve-dockerfile.ts';

/** What Dockerfiles of large public collections do, and an earlier converter of ours refused or got wrong. */
const template = readFileSync(new URL('../../recipe-templates/definition.def.mustache', import.meta.url), 'utf8');
const parse = (...lines: string[]) => parseDockerfile(['FROM a', ...lines].join('\n'), { buildArgs: {} });
const document = (...lines: string[]) =>
  planDocument(resolveDockerfile(['FROM a', ...lines].join('\n'), { buildArgs: {} }));
const render = (...lines: string[]): string =>
  renderDefinition({
    plan: parse(...lines),
    manifest: { entries: [], digest: '' },
    overlays: [],
    labels: [],
    template,
  });
const warnings = (...lines: string[]): string[] => parse(...lines).warnings.map(({ line, code }) => `${line} ${code}`);

test('labels whose values have blanks around them or line breaks are stored without, with a warning', () => {
  const lines = ['LABEL about.copyright=" 2002 A\\', ' B " ok=x', 'LABEL multi="one\\', '"'];
  expect(document(...lines).config.labels).toEqual({ 'about.copyright': ' 2002 A B ', ok: 'x', multi: 'one' });
  expect(render(...lines)).toContain('\n    about.copyright 2002 A B\n    ok x\n    multi one\n');
  expect(warnings(...lines)).toEqual(['2 label-value']);
});

test('an ARG that no shell can export is no obstacle', () => {
  const lines = ['ARG V=0.9.0', 'ARG ${V}', 'ARG a-b=1', 'RUN x'];
  expect(parse(...lines).steps.map(({ instruction }) => instruction)).toEqual(['ARG V=0.9.0', 'RUN x']);
  expect(document(...lines).stages[0]?.steps[0]).toMatchObject({ env: { V: '0.9.0', 'a-b': '1' } });
  expect(warnings(...lines)).toContain('4 arg-name');
});

test('a --chown or --chmod that expands to nothing is none', () => {
  const [copy] = parse('ARG OWNER', 'COPY --chown=$OWNER --chmod=${OWNER:-} a /b').steps;
  expect(copy).not.toHaveProperty('chown');
  expect(copy).not.toHaveProperty('chmod');
});

test('a mount without target is on the working directory; a secret may be named by its source', () => {
  const [, run] =
    document('WORKDIR /w', 'RUN --mount=from=b --mount=type=CACHE --mount=type=secret,source=d/s x').stages[0]?.steps ??
    [];
  expect(run).toMatchObject({
    mounts: [
      { type: 'bind', target: '/w', readonly: true, from: 'image:docker.io/library/b:latest' },
      { type: 'cache', target: '/w', readonly: false },
      { type: 'secret', target: '/run/secrets/s', id: 'd/s' },
    ],
  });
});

test('images of Windows are refused, whatever their shell', () => {
  for (const base of ['mcr.microsoft.com/windows/servercore:ltsc2022', 'x/nanoserver', '--platform=windows/amd64 b']) {
    expect(() => parseDockerfile(`FROM ${base}\nRUN dir`, { buildArgs: {} })).toThrow('Windows images');
  }
  expect(() => parseDockerfile('FROM mcr.microsoft.com/dotnet/sdk:8.0', { buildArgs: {} })).not.toThrow();
});

test('two images that would have one name in the definition file are told apart or refused', () => {
  expect(() => parse('COPY --from=a/b /x /y', 'COPY --from=a:b /x /y')).toThrow(
    'line 3, COPY: "a:b" cannot be told from a/b',
  );
  expect(() => parse('COPY --from=a/b /x /y', 'COPY --from=a/b /z /y')).not.toThrow();
});
