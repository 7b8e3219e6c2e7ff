import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Ended, output, required } from './support/cluster.ts';
import {
  badWords,
  canaries,
  canary,
  dockerQuoted,
  literal,
  long,
  shellQuoted,
  touch,
  withNewline,
} from './support/hostile-text.ts';
import { busybox, makeSite, type Site } from './support/site.ts';

let site: Site;

async function ctmgr(words: string[]): Promise<Ended> {
  return site.ctmgr(words, { user: 'root' });
}

/** All that a refused command could have changed: what is stored, and every file but the catalogue. */
async function everything(): Promise<unknown> {
  return [
    await site.json(['list', '--all']),
    await site.json(['status']),
    await site.json(['overlay', 'list']),
    await site.json(['base', 'list']),
    (await output(['find', site.share, site.state, '!', '-name', 'catalog.json', '!', '-name', 'ctmgr.db*']))
      .split('\n')
      .sort(),
  ];
}

beforeAll(async () => {
  site = await makeSite();
});

afterAll(async () => {
  await site.remove();
});

describe('names, tags and references', () => {
  it('refuses every hostile word before anything changes', async () => {
    expect((await site.import('good', `FROM ${busybox}\nRUN true\n`)).code).toBe(0);
    expect((await ctmgr(['overlay', 'add', 'plain', '--run=true', `--selector=base:${literal}`])).code).toBe(0);
    expect(await site.json(['overlay', 'list'])).toEqual([expect.objectContaining({ selector: `base:${literal}` })]);
    const before = await everything();
    const dockerfile = `${site.inputs}/good/Dockerfile`;
    const commands: ((word: string) => string[])[] = [
      (word) => ['import', dockerfile, `--name=${word}`],
      (word) => ['overlay', 'add', '--run=true', '--', word],
      (word) => ['path', '--', word],
      (word) => ['import', dockerfile, '--name=other', `--base-name=${word}`],
      (word) => ['overlay', 'edit', '--run=true', '--', word],
      (word) => ['show', '--', `good:${word}`],
      (word) => ['import', dockerfile, '--name=other', `--class=${word}`],
      (word) => ['overlay', 'order', 'plain', '--', word],
      (word) => ['history', '--', word],
      (word) => ['base', 'set', '--distribution=debian', '--', word],
      (word) => ['logs', '--', `good@${word}`],
      (word) => ['rebuild', '--', word],
      (word) => ['overlay', 'add', 'other', '--run=true', `--selector=${word}`],
      (word) => ['status', '--', word],
      (word) => ['render', '--', `good:${word}`],
      (word) => ['import', dockerfile, '--name=other', `--build-arg=${word}`],
    ];
    for (const [i, word] of badWords.entries()) {
      // Every command meets several words, every word several commands.
      const chosen = [0, 7].map((n) => commands[(i * 3 + n) % commands.length]?.(word) ?? []);
      await Promise.all(
        chosen.map(async (words) => {
          const { code, stdout, stderr } = await ctmgr(words);
          const codes = words.some((one) => one.startsWith('--class')) ? [78] : [64, 65, 66];
          expect({ words, code, refused: codes.includes(code ?? 0), stdout, stderr }).toMatchObject({
            refused: true,
            stdout: '',
            stderr: expect.stringMatching(/^(ctmgr: [^\p{Cc}]+\n)( {2}[^\p{Cc}]+\n)?(Try: [^\p{Cc}]+\n)?$/u),
          });
        }),
      );
    }
    expect(await everything()).toEqual(before);
    expect(await canaries()).toBe('');
  });
});

describe('texts that are allowed', () => {
  /** Names that a file may have, each with its own name as content. */
  const fileNames = [
    'a b',
    "it's",
    'q"uote',
    `$(touch ${canary})`,
    `;touch ${canary}`,
    '-rf',
    'ünï€',
    '*',
    '[x]',
    '..dots',
    'back\\slash',
    '%post',
    '{{from}}',
    '#hash',
    'x'.repeat(250),
  ];
  const variables: Record<string, string> = { LITERAL: literal, LONG: long, PERCENT: '%post', EQUALS: 'a=b c=d' };
  const labels: Record<string, string> = { 'org.example.literal': literal, "quo'te": 'ä', 'org.example.long': long };
  const overlayStep = `printf '%s' ${shellQuoted(withNewline)} >/overlay.txt`;

  const dockerfile = `FROM ${busybox}
${Object.entries(labels)
  .map(([name, value]) => `LABEL ${dockerQuoted(name)}=${dockerQuoted(value)}`)
  .join('\n')}
${Object.entries(variables)
  .map(([name, value]) => `ENV ${name}=${dockerQuoted(value)}`)
  .join('\n')}
ARG GIVEN
ENV FROM_ARG="$GIVEN"
COPY files/ /copied/
COPY ["files/a b", "/to it\\\\'s \\\\$(${touch}) ü/"]
WORKDIR "/work dir; ${touch}"
RUN printf '%s' ${shellQuoted(literal)} >/run-shell.txt; printf '%s' "$LITERAL" >/run-env.txt; printf '%s' "$GIVEN" >/run-arg.txt; pwd >/pwd.txt
RUN ${JSON.stringify(['sh', '-c', 'printf %s "$1" >/run-exec.txt', 'sh', withNewline])}
CMD ${JSON.stringify(['printf', '%s\\0', literal, withNewline, '', '-n', '*', long])}
`;

  let image = '';

  /** What a command in the image prints. */
  async function inImage(...words: string[]): Promise<string> {
    return output(['apptainer', 'exec', '--cleanenv', '--contain', image, ...words], { user: 'alice', node: 'c1' });
  }

  beforeAll(async () => {
    const folder = `${site.inputs}/con "text" 'x' $(${touch}) ü\n;`.replaceAll(
      `touch /tmp/${canary}`,
      `touch ${canary}`,
    );
    for (const name of fileNames) await site.write(`${folder}/files/${name}`, name);
    await site.write(`${folder}/-D "x" $(touch ${canary})`, dockerfile);
    await required(
      site.ctmgr(
        [
          'import',
          `${folder}/-D "x" $(touch ${canary})`,
          '--name=hostile',
          `--context=${folder}`,
          `--build-arg=GIVEN=${withNewline}`,
          `--message=${withNewline}`,
        ],
        { user: 'admin1' },
      ),
    );
    await required(
      site.ctmgr(['overlay', 'add', 'texts', `--run=${overlayStep}`, '--selector=recipe:h*', `--message=${literal}`], {
        user: 'admin1',
      }),
    );
    await required(site.ctmgr(['rebuild', 'hostile', '--wait']));
    image = (await site.ctmgr(['path', 'hostile'])).stdout.trim();
  });

  it('reach the environment byte for byte', async () => {
    const environment = new Map(
      (await inImage('env', '-0')).split('\0').map((line) => [line.replace(/=.*/s, ''), line.replace(/^[^=]*=/, '')]),
    );
    for (const [name, value] of Object.entries({ ...variables, FROM_ARG: withNewline })) {
      expect([name, environment.get(name)]).toEqual([name, value]);
    }
  });

  it('reach labels, commands, and overlays byte for byte', async () => {
    const inspected = JSON.parse(await output(['apptainer', 'inspect', '--json', '--labels', image]));
    expect(inspected.data.attributes.labels).toMatchObject(labels);
    const files = { 'run-shell': literal, 'run-env': literal, 'run-arg': withNewline, 'run-exec': withNewline };
    for (const [name, content] of Object.entries({ ...files, overlay: withNewline })) {
      expect([name, await inImage('sh', '-c', `cat /${name}.txt; echo`)]).toEqual([name, content]);
    }
    expect(await inImage('cat', '/pwd.txt')).toBe(`/work dir; ${touch}`);
    const run = await output(['apptainer', 'run', '--cleanenv', '--contain', image], { user: 'alice', node: 'c1' });
    expect(run.split('\0')).toEqual([literal, withNewline, '', '-n', '*', long, '']);
  });

  it('are names of files in the image', async () => {
    const list =
      'cd /copied && for f in * .[!.]* ..?*; do if [ -f "$f" ]; then printf "%s\\0" "$f"; cat "./$f"; printf "\\0"; fi; done';
    const words = (await inImage('sh', '-c', list)).split('\0').slice(0, -1);
    const found = new Map(words.flatMap((word, i) => (i % 2 === 0 ? [[word, words[i + 1]] as const] : [])));
    expect(found).toEqual(new Map(fileNames.map((name) => [name, name])));
    expect(await inImage('cat', `/to it's $(${touch}) ü/a b`)).toBe('a b');
  });

  it('are shown on one line and kept as they are', async () => {
    const [record] = (await site.json<{ what: string; message: string }[]>(['history', 'hostile'])).filter(({ what }) =>
      what.startsWith('import'),
    );
    expect(record?.message).toBe(withNewline);
    const { stdout } = await site.ctmgr(['history', 'hostile']);
    expect(stdout.trimEnd().split('\n')).toHaveLength(4);
    expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
  });

  it('have executed nothing anywhere', async () => {
    expect(await canaries()).toBe('');
  });
});

describe('Dockerfiles that are not allowed', () => {
  const refused: [why: string, text: string][] = [
    ['a command in FROM', `FROM ${busybox}$(${touch})`],
    ['a second command after FROM', `FROM ${busybox};${touch}`],
    ['a header of Apptainer', `FROM ${busybox}\nBootstrap: localimage\nFrom: /etc/passwd`],
    ['a section of Apptainer', `FROM ${busybox}\n%post\n${touch}`],
    ['a command as user', `FROM ${busybox}\nUSER "$(${touch})"`],
    ['a command as name of a variable', `FROM ${busybox}\nENV "$(${touch})"=1`],
    ['a command as name of a label', `FROM ${busybox}\nLABEL "a b;${touch}"=1`],
    ['a source outside the context', `FROM ${busybox}\nCOPY ../../../../etc/passwd /stolen`],
    ['an absolute source', `FROM ${busybox}\nCOPY /etc/passwd /stolen`],
    ['a source through a link out of the context', `FROM ${busybox}\nCOPY out/passwd /stolen`],
    ["a destination in Apptainer's own folder", `FROM ${busybox}\nCOPY Dockerfile /.singularity.d/env/99-own.sh`],
    ['a NUL character', `FROM ${busybox}\nRUN echo \0`],
    ['nothing at all', ''],
  ];

  it('are refused with the line, and store nothing', async () => {
    const before = await everything();
    await output(['mkdir', '-p', `${site.inputs}/bad`]);
    await output(['ln', '-s', '/etc', `${site.inputs}/bad/out`]);
    for (const [why, text] of refused) {
      const { code, stderr } = await site.import('bad', text);
      expect([why, code]).toEqual([why, 65]);
      expect(stderr).toMatch(/^ctmgr: Dockerfile (line \d|has no FROM)/);
    }
    expect(await everything()).toEqual(before);
    expect(await canaries()).toBe('');
  });
});
