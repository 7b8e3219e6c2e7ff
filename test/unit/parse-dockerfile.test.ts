import { describe, expect, test } from '@jest/globals';
import { readBaseConfigs } from '../../lib/definitions/base-config.ts';
import { parseDockerfile } from '../../lib/definitions/parse-dockerfile.ts';
import type { RecipePlan } from '../../lib/definitions/recipe-plan.ts';
import { CtmgrError } from '../../lib/util/errors.ts';

function parse(text: string, buildArgs: Record<string, string> = {}): RecipePlan {
  return parseDockerfile(text, { buildArgs });
}

/** The texts of the shell RUNs. */
function runs(text: string): (string | undefined)[] {
  return parse(text).steps.flatMap((step) => (step.kind === 'run' ? [step.argv.at(-1)] : []));
}

function environment(text: string, buildArgs: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(parse(text, buildArgs).environment.map(({ name, value }) => [name, value]));
}

function refusal(text: string, buildArgs: Record<string, string> = {}): CtmgrError {
  try {
    parse(text, buildArgs);
  } catch (error) {
    if (error instanceof CtmgrError && error.code === 'badDefinition') return error;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
}

describe('lines', () => {
  test('continuations are joined as BuildKit joins them: blanks kept, comments and empty lines dropped', () => {
    expect(runs('FROM a\nRUN one \\\n# c\n  # d\n\n  two\\  \n three\nRUN x')).toEqual(['one   two three', 'x']);
  });

  test('a doubled backslash at the end of a line is no continuation', () => {
    expect(runs('FROM a\nRUN echo a\\\\\nRUN b')).toEqual(['echo a\\\\', 'b']);
  });

  test('a continuation before the end of the file, an instruction in the middle of one, quoted <<EOF', () => {
    expect(runs('FROM a\nRUN apk \\\nadd x\nRUN echo "a <<EOF b"\nRUN echo $((1<<2)) <<<"s"\nRUN b \\')).toEqual([
      'apk add x',
      'echo "a <<EOF b"',
      'echo $((1<<2)) <<<"s"',
      'b',
    ]);
  });

  test('byte order mark, CRLF, case, tabs, comments and blank lines change nothing but line numbers', () => {
    const plain = parse('FROM debian:12\nENV A=1 B=2\nRUN make all\nCMD ["x"]\n');
    const varied = parse(
      '\uFEFF# syntax=docker/dockerfile:1\r\n# c\r\n\r\nfrom\tdebian:12\r\neNv A=1 \\\r\n # c\r\n B=2\r\n  run   make all  \r\ncmd [ "x" ]\r\n',
    );
    const withoutPlace = (plan: RecipePlan): unknown =>
      JSON.parse(JSON.stringify(plan), (key, value: unknown) =>
        key === 'line' || key === 'instruction' ? undefined : value,
      );
    expect(withoutPlace(varied)).toEqual(withoutPlace(plain));
    expect(varied.steps.map(({ line }) => line)).toEqual([5, 8]);
  });
});

describe('variables', () => {
  test('all pairs of one ENV see what was before it', () => {
    expect(environment('FROM a\nENV A=1\nENV A=2 B=$A\nENV C="$A$B"')).toEqual({ A: '2', B: '1', C: '21' });
  });

  test('names of the base image stay references, names of the file never do', () => {
    expect(environment('FROM a\nENV PATH=/x:$PATH\nENV PATH=/y:${PATH} L=/l${LIB:+:$LIB}')).toEqual({
      PATH: '/y:/x:${PATH}',
      L: '/l${LIB:+:${LIB}}',
    });
  });

  test('the old form of ENV takes the rest of the line', () => {
    expect(environment('FROM a\nENV G a  "q" b=c')).toEqual({ G: 'a  q b=c' });
  });

  test('ARG: global ones feed FROM only, a bare one in the stage takes the global default, callers override', () => {
    const text = 'ARG V=12\nARG D=debian:$V\nFROM $D\nENV BEFORE=x${V:-}\nARG V\nARG W=w$V\nENV A=$V B=$W';
    expect(parse(text).base.reference).toBe('debian:12');
    expect(environment(text)).toMatchObject({ A: '12', B: 'w12' });
    expect(parse(text, { V: '13' }).base.reference).toBe('debian:13');
    expect(environment(text, { V: '13', W: '$V' })).toMatchObject({ A: '13', B: String.raw`\$V` });
  });

  test('ARG is a step of its own and leaves nothing in the image; after ENV it hides that, with a warning', () => {
    const plan = parse('FROM a\nENV A=1\nARG A=3\nARG NONE\nRUN x');
    expect(plan.steps.map((step) => [step.kind, 'variables' in step ? step.variables : null])).toEqual([
      ['env', [{ name: 'A', value: '1' }]],
      ['arg', [{ name: 'A', value: '3' }]],
      ['run', null],
    ]);
    expect(plan.environment).toEqual([{ name: 'A', value: '1' }]);
    expect(plan.warnings.map(({ code, line }) => [code, line])).toContainEqual(['arg-hides-env', 3]);
  });

  test('labels: several, quoted names, expansion, the last value wins, MAINTAINER is one', () => {
    const plan = parse('FROM a\nARG X=1\nLABEL a=b "c.d"="e f" g=$X\nLABEL a="it\'s"\nMAINTAINER A B <a@b>');
    expect(plan.labels).toEqual([
      { name: 'a', value: "it's" },
      { name: 'c.d', value: 'e f' },
      { name: 'g', value: '1' },
      { name: 'org.opencontainers.image.authors', value: 'A B <a@b>' },
    ]);
  });
});

describe('commands and places', () => {
  test('exec forms are JSON, everything else in brackets is shell text', () => {
    const plan = parse(
      'FROM a\nRUN ["sh", "-c", "echo  hi\\u0041\\/ \\"q\\""]\nRUN [ -d /x ] && y\nENTRYPOINT [\'a\']\nCMD ["a"] x',
    );
    expect(plan.steps).toMatchObject([
      { form: 'exec', argv: ['sh', '-c', 'echo  hiA/ "q"'] },
      { form: 'shell', argv: ['/bin/sh', '-c', '[ -d /x ] && y'] },
    ]);
    expect(plan.entrypoint).toEqual(['/bin/sh', '-c', "['a']"]);
    expect(plan.cmd).toEqual(['/bin/sh', '-c', '["a"] x']);
  });

  test('ENTRYPOINT and CMD: null if the file has none, empty if it clears them, the last one wins', () => {
    expect(parse('FROM a')).toMatchObject({ entrypoint: null, cmd: null });
    expect(parse('FROM a\nENTRYPOINT ["x"]\nENTRYPOINT []\nCMD []')).toMatchObject({ entrypoint: [], cmd: [] });
  });

  test('WORKDIR and USER hold for what follows; paths are absolute and clean', () => {
    const plan = parse(
      'FROM a\nWORKDIR /a\nWORKDIR b/../c\nUSER u:g\nRUN x\nCOPY f ./\nCOPY f .\nCOPY f g\nADD f /h/\nWORKDIR "/q q"',
    );
    expect(plan.steps.map((step) => ({ ...step, instruction: '', line: 0 }))).toMatchObject([
      { kind: 'workdir', path: '/a', user: '' },
      { kind: 'workdir', path: '/a/c' },
      { kind: 'user', user: 'u:g' },
      { kind: 'run', cwd: '/a/c', user: 'u:g' },
      { kind: 'copy', destination: '/a/c/', add: false },
      { kind: 'copy', destination: '/a/c/' },
      { kind: 'copy', destination: '/a/c/g' },
      { kind: 'copy', destination: '/h/', add: true },
      { kind: 'workdir', path: '/q q', user: 'u:g' },
    ]);
    expect(plan).toMatchObject({ workdir: '/q q', user: 'u:g' });
  });

  test('COPY splits at blanks even inside quotes, its JSON form does not', () => {
    expect(parse('FROM a\nCOPY ["a b", "c", "/d e/"]').steps).toMatchObject([
      { sources: ['a b', 'c'], destination: '/d e/' },
    ]);
    expect(refusal('FROM a\nCOPY "a b" /d').message).toContain('line 2, COPY');
  });

  test('what has no effect in a job is a warning', () => {
    const codes = parse('FROM a\nEXPOSE 80\nSTOPSIGNAL 9\nUSER bob').warnings.map(({ line, code }) => [line, code]);
    expect(codes).toEqual([
      [2, 'expose'],
      [3, 'stop-signal'],
      [4, 'user-at-run-time'],
    ]);
  });

  test('the plan goes through JSON unchanged', () => {
    const plan = parse('FROM a\nENV A="é\\"$PATH"\nCOPY a b/ /c/\nRUN x\nUSER 1\nCMD y');
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });
});

describe('what only the base image knows', () => {
  const codes = (text: string) => parse(text).warnings.map(({ code }) => code);

  test('counts as unset where it must be known now, with a warning', () => {
    expect(parse('FROM a\nWORKDIR /w\nWORKDIR $NOPE').workdir).toBe('/w');
    expect(codes('FROM a\nWORKDIR $NOPE/x')).toContain('base-variable');
    expect(environment('FROM a\nENV A=$HOME/x')).toEqual({ A: '/x' });
    expect(codes('FROM a\nENV A=$HOME/x')).toContain('base-variable');
    expect(environment("FROM a\nENV A=${B:-it\\'s}")).toEqual({ A: "it's" });
    expect(codes('FROM a\nENV A=$B')).toEqual([]);
  });

  test('is known from its configuration', () => {
    const config = {
      Env: ['PATH=/p', 'B=b'],
      WorkingDir: '/w',
      User: 'u',
      Shell: ['/bin/bash', '-c'],
      OnBuild: ['RUN t'],
    };
    const baseConfigs = readBaseConfigs(JSON.stringify({ config }), 'test');
    const text = 'FROM a\nENV PATH=/x:$PATH A=$B${HOME}\nWORKDIR sub\nRUN x\nUSER $B';
    const plan = parseDockerfile(text, { buildArgs: {}, baseConfigs });
    expect(plan).toMatchObject({ workdir: '/w/sub', user: 'b' });
    expect(plan.environment).toEqual([
      { name: 'PATH', value: '/x:/p' },
      { name: 'A', value: 'b' },
    ]);
    expect(plan.steps.flatMap((step) => (step.kind === 'run' ? [[step.argv, step.cwd, step.user]] : []))).toEqual([
      [['/bin/bash', '-c', 't'], '/w', 'u'],
      [['/bin/bash', '-c', 'x'], '/w/sub', 'u'],
    ]);
    expect(plan.warnings.map(({ code }) => code)).toEqual(['user-at-run-time']);
  });
});

describe('instructions without effect in a job', () => {
  test('are kept with the version', () => {
    const plan = parse(
      'FROM a\nEXPOSE 80 9000-9001/udp\nVOLUME /a "/b c"\nVOLUME ["/d e"]\nSTOPSIGNAL SIGINT\nHEALTHCHECK --interval=1m30s --retries=3 CMD curl x || exit 1\nONBUILD RUN x',
    );
    expect(plan.inert).toEqual({
      exposed: ['80/tcp', '9000/udp', '9001/udp'],
      volumes: ['/a', '/b c', '/d e'],
      stopSignal: 'SIGINT',
      healthcheck: { test: ['CMD-SHELL', 'curl x || exit 1'], interval: 90e9, retries: 3 },
      onbuild: ['RUN x'],
    });
    expect(plan.warnings.map(({ code }) => code)).toEqual([
      'onbuild',
      'expose',
      'volume',
      'volume',
      'stop-signal',
      'healthcheck',
    ]);
  });
});

describe('here-documents, shells and the escape character', () => {
  test('a here-document that is all of a RUN is its script; others are put back', () => {
    expect(
      runs('FROM a\nRUN <<EOF\n  one # no comment \\\n$X\nEOF\nRUN <<-A cat <<"B C"\n\tx\n\tA\ny\nB C\nRUN z'),
    ).toEqual(['  one # no comment \\\n$X\n', '<<-A cat <<"B C"\n\tx\nA\ny\nB C', 'z']);
  });

  test('SHELL holds for shell forms that follow', () => {
    const plan = parse('FROM a\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN x\nRUN ["y"]\nCMD z');
    expect(plan.steps).toMatchObject([{ argv: ['/bin/bash', '-o', 'pipefail', '-c', 'x'] }, { argv: ['y'] }]);
    expect(plan.cmd).toEqual(['/bin/bash', '-o', 'pipefail', '-c', 'z']);
  });

  test('escape=` continues lines and takes meaning away; a backslash is a character like others', () => {
    expect(runs('# escape=`\nFROM a\nRUN x `\n y\\\nRUN z')).toEqual(['x  y\\', 'z']);
    expect(environment('# escape=`\nFROM a\nENV A=`$B C=c:\\d E="`"f"')).toEqual({
      A: String.raw`\$B`,
      C: String.raw`c:\\d`,
      E: '"f',
    });
  });

  test('platform arguments have values', () => {
    const plan = parseDockerfile(
      'FROM a:$TARGETARCH\nARG TARGETPLATFORM\nARG TARGETOS=x\nENV A=$TARGETPLATFORM$TARGETOS',
      {
        buildArgs: {},
        platform: 'linux/arm64/v8',
      },
    );
    expect(plan.base.reference).toBe('a:arm64');
    expect(plan.environment).toEqual([{ name: 'A', value: 'linux/arm64x' }]);
  });
});

test("CMD [] clears the base image's CMD and leaves its ENTRYPOINT, where that is known", () => {
  const baseConfigs = readBaseConfigs('{"Entrypoint": ["/e", "x"], "Cmd": ["c"]}', 'base');
  const cleared = parseDockerfile('FROM a AS b\nFROM b\nCMD []', { buildArgs: {}, baseConfigs });
  expect(cleared).toMatchObject({ entrypoint: ['/e', 'x'], cmd: [] });
  expect(parseDockerfile('FROM a\nCMD ["d"]', { buildArgs: {}, baseConfigs }).entrypoint).toBeNull();
});

describe('refusals', () => {
  test.each<[string, string]>([
    ['', 'no FROM'],
    ['# only a comment\n', 'no FROM'],
    ['RUN x\nFROM a', 'line 1, RUN'],
    ['FROM', 'line 1, FROM'],
    ['FROM a b', 'line 1, FROM'],
    ['FROM a AS 1x', 'line 1, FROM'],
    ['FROM ${X}', 'line 1, FROM: the name of the base image is empty'],
    ['FROM ${X:?no}', 'line 1, FROM: X: no'],
    ['FROM A', 'line 1, FROM: "A" is not the name'],
    ['FROM a#b', 'line 1, FROM'],
    ['FROM --platform=linux/arm64 a', 'line 1, FROM: the stage is for linux/arm64'],
    ['FROM a\nHELLO x', 'line 2, HELLO'],
    ['FROM a\nADD git@h:x.git /y', 'line 2, ADD'],
    ['FROM a\nCOPY x', 'line 2, COPY'],
    ['FROM a\nCOPY x /proc/y', 'line 2, COPY'],
    ['FROM a\nRUN', 'line 2, RUN'],
    ['FROM a\nRUN []', 'line 2, RUN'],
    ['FROM a\nCMD ["a", 1]', 'line 2, CMD: the array'],
    ['FROM a\nENTRYPOINT ["-x"]', 'line 2, ENTRYPOINT'],
    ['FROM a\nCMD []', 'line 2, CMD: [] without'],
    ['FROM a\nENV', 'line 2, ENV'],
    ['FROM a\nENV A', 'line 2, ENV'],
    ['FROM a\nENV A=1 B', 'line 2, ENV'],
    ['FROM a\nENV A="x', 'line 2, ENV: unterminated'],
    ['FROM a\nENV A-B=1', 'line 2, ENV: "A-B"'],
    ['FROM a\nENV UID=1', 'line 2, ENV: shells'],
    ['FROM a\nENV IFS=x', 'line 2, ENV'],
    [`FROM a\nENV A=x\n${'ENV A=$A$A\n'.repeat(60)}`, 'ENV: more than 131072 characters'],
    ['FROM a\nARG', 'line 2, ARG'],
    ['FROM a\nRUN <<EOF\nx', 'line 2, RUN: the here-document "EOF" has no end'],
    ['FROM a\nRUN --mount=type=cache x', 'line 2, RUN: --mount: / cannot be a target'],
    ['FROM a\nRUN --mount=type=nope,target=/x x', 'line 2, RUN: --mount: there is no type "nope"'],
    ['FROM a\nRUN --mount=target=/x,colour=red x', 'line 2, RUN: --mount: "colour=red"'],
    ['FROM a\nRUN --nope x', 'line 2, RUN: there is no flag --nope'],
    ['FROM scratch\nRUN x', 'line 2, RUN: an image from scratch has no shell'],
    ['FROM scratch\nCOPY <<E /x\nE', 'line 2, COPY: no shell'],
    ['FROM scratch\nWORKDIR /x', 'line 2, WORKDIR: the image has no shell'],
    ['FROM scratch AS x\nCOPY a /b\nFROM scratch\nCOPY --from=x /b /c', 'line 4, COPY: no shell'],
    ['FROM b AS x\nFROM scratch\nCOPY --from=x --chown=me /b /c', 'line 3, COPY: --chown needs numbers'],
    ['FROM a\nRUN --mount=type=ssh x', 'line 2, RUN: no SSH agent'],
    ['FROM a\nRUN --mount=type=secret,id=a/b x', 'line 2, RUN: the id "a/b"'],
    ['FROM a\nRUN --mount=type=secret,id=a,env=1x x', 'line 2, RUN: "1x" is not a name'],
    ['FROM a\nRUN --mount=type=cache,target=/c,from=b x', 'line 2, RUN: a cache cannot start'],
    ['FROM a\nRUN --mount=type=cache,target=/c,uid=me x', 'line 2, RUN: uid, gid and mode'],
    ['FROM a\nRUN --mount=type=tmpfs,target=/dev/x y', 'line 2, RUN: "/dev/x" is not part'],
    ['FROM a\nRUN --device=x y', 'line 2, RUN: devices'],
    ['FROM a\nCOPY --chown=$(id) x /y', 'line 2, COPY: --chown="$(id)"'],
    ['FROM a\nCOPY --chmod=rwx x /y', 'line 2, COPY: --chmod="rwx"'],
    ['FROM a\nCOPY --from=b x y /z', 'line 2, COPY: 2 sources need a destination'],
    ['FROM a\nCOPY --from=b --exclude=x**y y /z', 'line 2, COPY: "x**y" is not a pattern'],
    ['FROM a\nCOPY --from=b --parents /a/./[x /z', 'line 2, COPY: "[x" is not a pattern'],
    ["FROM a\nCOPY --from=b it's /z", 'line 2, COPY: unterminated'],
    ['FROM a\nADD ssh://h/x.git#v1 /y', 'line 2, ADD: a repository that is reached by ssh needs a key'],
    ['FROM a\nADD https://h/x.git?branch=a&branch=b /y', 'branch is there twice'],
    ['FROM a\nADD https://h/x.git?colour=red /y', 'colour is not known'],
    ['FROM a\nADD https://h/x.git#-x /y', '"-x" is not a git reference'],
    ['FROM a\nADD --checksum=abc https://h/x.git?commit=def /y', '--checksum and the source say different things'],
    ['FROM a\nADD --checksum=sha256:0 https://h/x.git /y', '"sha256:0" is not the hash of a commit'],
    ['FROM a\nADD --exclude=[x https://h/x.git /y', '"[x" is not a pattern'],
    ['FROM a\nADD https://h/ /y/', 'line 2, ADD: the URL does not name a file'],
    ['FROM a\nADD --checksum=md5:0 https://h/x /y/', 'line 2, ADD: "md5:0" is not a checksum'],
    ['FROM a\nCMD --version', 'line 2, CMD: there is no flag --version'],
    ['FROM a\nCOPY --chown=1 --chown=2 x /y', 'line 2, COPY: --chown is given twice'],
    ['FROM a\nCOPY --from=$X x /y', 'line 2, COPY: variables in --from'],
    ['FROM a\nCOPY --from=0 x /y', 'line 2, COPY: "0" is not an earlier stage'],
    ['FROM a\nCOPY --from=c x /y\nFROM b AS c', 'line 2, COPY: "c" is not an earlier stage'],
    ['FROM a\nCMD ["x", 1]\nFROM b', 'line 2, CMD: the array'],
    ['FROM --platform=$NONE a', 'line 1, FROM: "" is not a platform'],
    ['FROM a\nSHELL bash -c', 'line 2, SHELL: needs a JSON array'],
    ['FROM a\nSHELL ["powershell", "-command"]', 'line 2, SHELL: Windows'],
    ['FROM a\nONBUILD ONBUILD RUN x', 'line 2, ONBUILD: ONBUILD cannot be triggered'],
    ['FROM a\nHEALTHCHECK --interval=1 CMD x', 'line 2, HEALTHCHECK: --interval'],
    ['FROM a\nHEALTHCHECK x', 'line 2, HEALTHCHECK: is neither'],
    ['FROM a\nVOLUME $NOPE', 'line 2, VOLUME: a directory is empty'],
    ['FROM a\nSTOPSIGNAL SIGNOPE', 'line 2, STOPSIGNAL: there is no signal'],
    ['FROM a\nEXPOSE http', 'line 2, EXPOSE: "http" is not a port'],
    ['FROM a\nENV A=${NOPE:?}', 'line 2, ENV: NOPE: is not set'],
    ['# escape=x\nFROM a', 'line 1, # escape'],
    ['FROM a\nLABEL a', 'line 2, LABEL'],
    ['FROM a\nLABEL "a b"=c', 'line 2, LABEL'],
    ['FROM a\nWORKDIR', 'line 2, WORKDIR'],
    ['FROM a\nUSER a b', 'line 2, USER'],
    ['FROM a\nUSER -x', 'line 2, USER'],
    ['# syntax=example.org/other\nFROM a', 'line 1, # syntax'],
    ['FROM a\nRUN a\0b', 'line 2: holds a NUL'],
    [`FROM a\nRUN ${'x'.repeat(65_600)}`, 'line 2: is longer'],
  ])('%j', (text, words) => {
    const { message } = refusal(text);
    expect(message).toContain(`Dockerfile ${words.startsWith('line') ? words : ''}`);
    expect(message).toContain(words);
  });

  test('all of a file are told at once, with the way out of the first', () => {
    const error = refusal('FROM a\nVOLUMES /x\nRUN ok\nSHELL x\nENV A\n');
    expect(error.message).toBe('Dockerfile line 2, VOLUMES: is not an instruction [syntax]');
    expect(error.why).toBe('Also line 4, SHELL: needs a JSON array [syntax]; line 5, ENV: "A" has no value [syntax]');
    expect(error.hint).toBe('check the spelling and the line before');
  });

  test('a refused FROM does not make refusals of what follows', () => {
    expect(refusal('FROM --platform=x a\nRUN x').why).toBeUndefined();
    expect(refusal('FROM ${X}\nRUN x').why).toBeUndefined();
  });
});

test('CMD may begin with an option of the program that ENTRYPOINT names', () => {
  const plan = parseDockerfile('FROM a\nENTRYPOINT ["tool"]\nCMD ["-v", "--all"]\n', { buildArgs: {} });
  expect(plan).toMatchObject({ entrypoint: ['tool'], cmd: ['-v', '--all'] });
});

test('of stages with one name, FROM means the last one before it', () => {
  const start = 'FROM a AS x\nRUN 1\nFROM x AS X\nRUN 2\nFROM x AS y\n';
  const text = `${start}RUN 3\nFROM c AS x\nRUN 4\n`;
  const shape = (target: string | undefined): unknown => {
    const { stages = [], name, base, steps } = parseDockerfile(text, { buildArgs: {}, target });
    const all = [...stages, { name, base, steps }];
    return all.map((stage) => [stage.name, stage.base.reference, stage.steps.map((step) => step.instruction)]);
  };
  const [first, second] = [
    ['x', 'a', ['RUN 1']],
    ['x-2', 'x', ['RUN 2']],
  ];
  expect(shape('y')).toEqual([first, second, ['y', 'x-2', ['RUN 3']]]);
  expect(shape(undefined)).toEqual([[undefined, 'c', ['RUN 4']]]);
  expect(shape('X')).toEqual(shape(undefined));
  expect(shape('1')).toEqual([first, second]);
  // COPY --from means the last one of the whole file, so that BuildKit refuses it where that comes later.
  expect(parseDockerfile(`${start}COPY --from=x /f /f`, { buildArgs: {} }).steps).toMatchObject([
    { from: { kind: 'stage', reference: 'x-2' } },
  ]);
  expect(() => parseDockerfile(`${start}COPY --from=x /f /f\nFROM c AS x\n`, { buildArgs: {} })).toThrow(
    'earlier stage',
  );
  // Stages without a name cannot be named, and what has the look of their titles is something else.
  const odd = parseDockerfile('FROM a\nFROM b AS stage-0\nFROM stage-0\nRUN x\n', { buildArgs: {} });
  expect(odd).toMatchObject({
    name: 'stage-2',
    base: { reference: 'stage-0-2' },
    stages: [{ base: { reference: 'b' } }],
  });
});

describe('a base image with an odd configuration', () => {
  const withConfig = (config: object): RecipePlan =>
    parseDockerfile('FROM a\nRUN x\n', {
      buildArgs: {},
      baseConfigs: readBaseConfigs(JSON.stringify({ config }), 'base.json'),
    });
  test.each([
    [{ OnBuild: ['RUN y\nRUN z'] }, 'line 1, FROM: ONBUILD "RUN y\\nRUN z" of the base is not one instruction'],
    [{ OnBuild: [''] }, 'is not one instruction'],
    [{ OnBuild: ['FROM b'] }, 'cannot be triggered'],
    [{ OnBuild: ['bogus x'] }, 'cannot be triggered'],
    [{ OnBuild: ['ONBUILD RUN y'] }, 'cannot be triggered'],
    [{ OnBuild: ['RUN <<E\nx'] }, 'line 1, FROM: ONBUILD "RUN <<E\\nx" of the base: the here-document "E" has no end'],
    [{ User: 'a\nb' }, 'is not the configuration of an image'],
    [{ User: '-x' }, 'is not the configuration of an image'],
    [{ WorkingDir: '/a\0b' }, 'holds a NUL character'],
    [{ Env: ['A=\0'] }, 'holds a NUL character'],
  ])('%j is refused', (config, words) => {
    expect(() => withConfig(config)).toThrow(expect.objectContaining({ code: 'badDefinition' }));
    expect(() => withConfig(config)).toThrow(words);
  });

  test('a here-document and a backslash are no reason', () => {
    const { steps } = withConfig({ OnBuild: ['RUN <<E\ny\nE\n'], User: 'app$:7', Env: ['A=\\u0000x'] });
    expect(steps.map(({ line }) => line)).toEqual([1, 2]);
  });
});
