import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Ended, exec, output } from './support/cluster.ts';
import { busybox, makeSite, type Site } from './support/site.ts';

/** The file that every hostile text tries to make, somewhere. */
const canary = 'ctmgr-was-here';
const touch = `touch /tmp/${canary}`;

/** Everything at once: what a shell, Apptainer's own parser, mustache or a terminal might take for its own. */
const literal = `it's "$(${touch})" \`${touch}\`; ${touch} | & > $HOME \${x:-y} \\ %post {{from}} -rf * ünï€ \\n`;
const withNewline = `${literal}\n${touch}\n%post\n${touch}\nBootstrap: docker\n`;
const long = 'ä"$\\'.repeat(1250);

const badWords = [
  'a b',
  "it's",
  'a"b"',
  `$(${touch})`,
  `\`${touch}\``,
  `x;${touch}`,
  `x|${touch}`,
  `x\n${touch}`,
  '..',
  '../../up',
  '/etc/passwd',
  '-rf',
  '--help=x',
  'ünïcode',
  'a'.repeat(5000),
  '',
  '%A_%a',
  '*',
  'Upper',
  'x\u001b[31m',
];

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

async function canaries(): Promise<string> {
  const places = [
    '/tmp',
    '/var/tmp',
    '/scratch',
    '/srv',
    '/var/lib/ctmgr',
    '/root',
    '/home',
    '/run',
    '/etc',
    '/var/spool',
  ];
  const find = ['find', ...places, '-name', canary];
  const found = [];
  for (const node of ['mgmt', 'b1', 'b2']) found.push((await exec(find, { node })).stdout);
  return found.join('');
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** As a value in a Dockerfile's double quotes, where only these three are escaped. */
function dockerQuoted(text: string): string {
  return `"${text.replaceAll(/["$\\]/g, '\\$&')}"`;
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
    expect((await ctmgr(['overlay', 'add', 'plain', '--run', 'true', '--selector', 'recipe:none'])).code).toBe(0);
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
      const chosen = [0, 5, 10].map((n) => commands[(i * 3 + n) % commands.length]?.(word) ?? []);
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
