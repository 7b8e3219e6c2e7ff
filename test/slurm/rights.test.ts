import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { exec, output } from './support/cluster.ts';
import { busybox, makeSite, type Site } from './support/site.ts';

const forUsers = ['config', 'history', 'list', 'logs', 'path', 'show', 'status'];
const forAdmins = ['base', 'import', 'overlay', 'render'];
const forRoot = ['init', 'migrate', 'poll', 'rebuild', 'service'];

/** Command lines of each level, complete enough to be understood. */
const adminCalls = [
  ['import', 'Dockerfile', '--name=x'],
  ['render', 'good'],
  ['overlay', 'add', 'x', '--run=true'],
  ['overlay', 'list'],
  ['overlay', 'show', 'x'],
  ['overlay', 'edit', 'x', '--run=true'],
  ['overlay', 'remove', 'x'],
  ['overlay', 'order', 'x'],
  ['base', 'list'],
  ['base', 'set', 'x', '--distribution=debian'],
];
const rootCalls = [['rebuild'], ['build-all', '--wait'], ['poll'], ['service'], ['init'], ['migrate']];

let site: Site;
let tag: string;

beforeAll(async () => {
  site = await makeSite();
  expect((await site.import('good', `FROM ${busybox}\nRUN true\n`)).code).toBe(0);
  expect((await site.ctmgr(['rebuild', '--wait'])).code).toBe(0);
  tag = (await site.status())[0]?.tag ?? '';
});

afterAll(async () => {
  await site.remove();
});

/** The commands that the help shows, without aliases. */
async function commandsInHelp(user: string): Promise<string[]> {
  const { stdout } = await site.ctmgr(['--help'], { user });
  return [...stdout.matchAll(/^ {2}ctmgr (\S+)/gm)].map(([, name]) => name ?? '').sort();
}

describe('the three levels', () => {
  it.each([
    ['root', [...forUsers, ...forAdmins, ...forRoot]],
    ['admin1', [...forUsers, ...forAdmins]],
    ['alice', forUsers],
    ['ctmgr', forUsers],
  ])('show %s their own commands in the help', async (user, commands) => {
    expect(await commandsInHelp(user)).toEqual(commands.toSorted());
  });

  it.each([
    ['alice', [...adminCalls, ...rootCalls]],
    ['admin1', rootCalls],
    ['ctmgr', [['rebuild'], ['import', 'Dockerfile', '--name=x']]],
  ])('refuse %s the others in one sentence', async (user, calls) => {
    for (const words of calls) {
      const { code, stdout, stderr } = await site.ctmgr(words, { user });
      expect({ words, code, stdout, stderr }).toEqual({
        words,
        code: 77,
        stdout: '',
        stderr: expect.stringMatching(/^ctmgr: `ctmgr [a-z ]+` is for root( or an admin \(group hpcadm\))?\n$/),
      });
    }
    const { code, stdout } = await site.ctmgr(['rebuild', '--json'], { user });
    expect(code).toBe(77);
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'notAllowed', message: '`ctmgr rebuild` is for root', hint: null },
    });
  });

  it('let everybody read, on nodes without the database too', async () => {
    for (const place of [{ user: 'alice' }, { user: 'bob', node: 'c1' }, { user: 'ctmgr' }]) {
      expect(JSON.parse((await site.ctmgr(['list', '--json'], place)).stdout)).toEqual([
        expect.objectContaining({ name: 'good' }),
      ]);
      expect((await site.ctmgr(['path', 'good'], place)).stdout).toBe(`${site.share}/builds/${tag}/good.sif\n`);
      expect((await site.ctmgr(['logs', 'good'], place)).stdout).toMatch(/building good/);
    }
  });
});

describe('file modes', () => {
  /** Shell text that must fail for a user, each on something that is not theirs. */
  function attacks(): string[] {
    const { share, state } = site;
    return [
      `cat ${state}/ctmgr.db`,
      `ls ${state}`,
      `ls ${state}/contexts`,
      `touch ${state}/ctmgr.db-journal`,
      ...ownedAttacks(),
      `mv ${share} ${share}-mine`,
    ];
  }

  /** Those that must fail for admins too: what builds make belongs to the service account alone. */
  function ownedAttacks(): string[] {
    const { share } = site;
    const image = `${share}/builds/${tag}/good.sif`;
    return [
      `echo x >>${image}`,
      `chmod u+w ${image}`,
      `rm -f ${image}`,
      `mv ${image} ${image}.old`,
      `touch ${share}/builds/new`,
      `touch ${share}/builds/${tag}/new.sif`,
      `ln -sfn /etc/passwd ${share}/current/good.sif`,
      `rm -f ${share}/current/good.sif`,
      `ln -s /etc/passwd ${share}/current/new.sif`,
      `echo '{}' >${share}/catalog.json`,
      `mv -f /etc/hostname ${share}/catalog.json`,
      `rm -f ${share}/catalog.json`,
      `touch ${share}/results/${tag}/0.json`,
      `touch ${share}/results/${tag}/9.json`,
      `rm -f ${share}/results/${tag}/0.json`,
      `ls ${share}/tasks`,
      `ls ${share}/tasks/${tag}`,
      `ln -s 1 ${share}/tasks/${tag}/0/claim`,
      `touch ${share}/logs/${tag}/new.log`,
      `echo x >>${share}/logs/${tag}/good.log`,
      `touch ${share}/new`,
    ];
  }

  /** Runs each text in a shell of its own; those that succeeded. */
  async function succeeded(user: string, texts: string[]): Promise<string[]> {
    const loop = 'for text; do if sh -c "$text" >/dev/null 2>&1; then echo "$text"; fi; done';
    const done = await output(['sh', '-c', loop, 'sh', ...texts], { user });
    return done === '' ? [] : done.split('\n');
  }

  it('keep users out of the database, the tasks and all that is published', async () => {
    expect(await succeeded('alice', [...attacks(), 'true'])).toEqual(['true']);
  });

  it('keep admins out of what builds make', async () => {
    expect(await succeeded('admin1', [...ownedAttacks(), `test -w ${site.state}/ctmgr.db`])).toEqual([
      `test -w ${site.state}/ctmgr.db`,
    ]);
  });

  it('stop a copy of the program that believes its user to be root', async () => {
    const home = '/home/alice/copy';
    const edited = `
mkdir ${home} && cd ${home} && cp -r /opt/ctmgr/lib /opt/ctmgr/package.json /opt/ctmgr/recipe-templates /opt/ctmgr/sbatch-templates .
ln -s /opt/ctmgr/node_modules node_modules
sed -i "s/if (uid === 0) return 'root';/return 'root';/" lib/config/rights.ts
sed -i 's/uid !== 0 \\&\\& uid !== builder.uid/false/; s/asRoot: uid === 0/asRoot: false/' lib/builds/build-site.ts
`;
    try {
      await output(['sh', '-ec', edited], { user: 'alice' });
      const run = (words: string[]) =>
        exec([`${home}/node_modules/node/bin/node`, `${home}/lib/main.ts`, ...words], { user: 'alice', env: site.env });
      expect((await run(['--help'])).stdout).toMatch(/ctmgr rebuild/);
      for (const words of [['rebuild'], ['poll'], ['overlay', 'list'], ['import', '/etc/passwd', '--name=x'], ['init']]) {
        const { code, stdout, stderr } = await run(words);
        console.log(words, code, stdout, stderr);
      }
    } finally {
      await output(['rm', '-rf', home]);
    }
  });
});
