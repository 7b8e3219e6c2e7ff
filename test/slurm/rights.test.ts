import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { exec, output, required } from './support/cluster.ts';
import { attacks, ownedAttacks, succeeded } from './support/attacks.ts';
import { busybox, makeSite, type Site, slowDockerfile } from './support/site.ts';
import { watch } from './support/watch.ts';

const forUsers = [
  'completion',
  'config',
  'convert',
  'diff',
  'doctor',
  'history',
  'inspect',
  'jobs',
  'list',
  'logs',
  'modules',
  'path',
  'show',
  'status',
];
const forAdmins = [
  'base',
  'bench',
  'import',
  'overlay',
  'pin',
  'render',
  'retire',
  'rollback',
  'schedule',
  'unpin',
  'usage',
  'verify',
];
const forRoot = [
  'backup',
  'cancel',
  'fsck',
  'gc',
  'init',
  'migrate',
  'poll',
  'publish',
  'rebuild',
  'restore',
  'retry',
  'service',
  'throttle',
];

/** Command lines of each level, complete enough to be understood. */
const adminCalls = [
  ['import', 'Dockerfile', '--name=x'],
  ['render', 'good'],
  ['verify', 'good'],
  ['overlay', 'add', 'x', '--run=true'],
  ['overlay', 'list'],
  ['overlay', 'show', 'x'],
  ['overlay', 'edit', 'x', '--run=true'],
  ['overlay', 'remove', 'x'],
  ['overlay', 'order', 'x'],
  ['base', 'list'],
  ['schedule'],
  ['base', 'set', 'x', '--distribution=debian'],
  ['rollback', 'good'],
  ['pin', 'good'],
  ['unpin', 'good'],
  ['retire', 'good'],
  ['usage'],
  ['bench', 'list'],
  ['bench', 'status'],
];
const rootCalls = [
  ['rebuild'],
  ['publish', '2026-11-22.1'],
  ['build-all', '--wait'],
  ['cancel', 'good'],
  ['retry', '2026-11-22.1'],
  ['throttle', '2026-11-22.1', '4'],
  ['poll'],
  ['service'],
  ['init'],
  ['migrate'],
  ['gc', '--delete'],
  ['fsck'],
  ['backup', '/tmp/backup.tar'],
  ['restore', '/tmp/backup.tar'],
];

let site: Site;
let tag: string;

beforeAll(async () => {
  site = await makeSite();
  await required(site.import('good', `FROM ${busybox}\nRUN true\n`));
  await required(site.ctmgr(['rebuild', '--wait']));
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
  it('are what the attacks below meet', async () => {
    const { share, state } = site;
    const modes = {
      [state]: '2770 root:hpcadm',
      [`${state}/contexts`]: '2770 root:hpcadm',
      [`${state}/ctmgr.db`]: '660 root:hpcadm',
      [share]: '755 ctmgr:ctmgr',
      [`${share}/builds/${tag}/good.sif`]: '444 ctmgr:ctmgr',
      [`${share}/current/good.sif`]: '777 root:root',
      [`${share}/results/${tag}/0.json`]: '644 ctmgr:ctmgr',
      [`${share}/tasks`]: '750 ctmgr:ctmgr',
      [`${share}/tasks/${tag}/0/claim`]: '777 ctmgr:ctmgr',
      [`${share}/logs/${tag}/good.log`]: '644 ctmgr:ctmgr',
      [`${share}/catalog.json`]: '644 root:root',
    };
    const found = await output(['stat', '--format=%a %U:%G', ...Object.keys(modes)]);
    expect(found.split('\n')).toEqual(Object.values(modes));
  });

  it('keep users out of the database, the tasks and all that is published', async () => {
    expect(await succeeded('alice', [...attacks(site, tag), 'true'])).toEqual(['true']);
  });

  it('keep admins out of what builds make', async () => {
    expect(await succeeded('admin1', [...ownedAttacks(site, tag), `test -w ${site.state}/ctmgr.db`])).toEqual([
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
      for (const words of [['rebuild'], ['poll'], ['overlay', 'list'], ['import', '/etc/passwd', '--name=x']]) {
        const { code, stderr } = await run(words);
        expect([words, code]).toEqual([words, 78]);
        expect(stderr).toMatch(/ctmgr.db that you can reach\n.*its state folder is closed to you/);
      }
      const init = await run(['init']);
      expect(init.code).toBe(73);
      expect(init.stderr).toMatch(/^ctmgr: cannot make .*\n {2}EACCES/);
    } finally {
      await output(['rm', '-rf', home]);
    }
  });

  it('leave a build alone with what others put into the scratch folders of its nodes', async () => {
    const lure = `cd /scratch && mkdir ctmgr-build.folder && touch ctmgr-build.folder/lock ctmgr-build.folder/mine &&
      ln -s ${site.share}/builds/${tag} ctmgr-build.link && ln -s ${site.share}/builds/${tag} ctmgr-build.folder/link &&
      touch -h -d '1 hour ago' ctmgr-build.link ctmgr-build.folder/* ctmgr-build.folder`;
    const places = ['b1', 'b2'].map((node) => ({ node, user: 'alice' }));
    const listing = ['sh', '-c', 'cd /scratch && find . -user alice | sort'];
    try {
      for (const place of places) await output(['sh', '-c', lure], place);
      const before = await Promise.all(places.map((place) => output(listing, place)));
      expect((await site.ctmgr(['rebuild', '--wait'])).code).toBe(0);
      expect(await Promise.all(places.map((place) => output(listing, place)))).toEqual(before);
      expect((await exec(['sha256sum', `${site.share}/builds/${tag}/good.sif`])).code).toBe(0);
    } finally {
      for (const place of places) await output(['sh', '-c', 'rm -rf /scratch/ctmgr-build.*'], { node: place.node });
    }
  });
});

describe('Slurm', () => {
  it('lets no user cancel a build or submit as the service account', async () => {
    expect((await site.import('slow', slowDockerfile(4))).code).toBe(0);
    const rebuild = watch(site.startCtmgr(['rebuild', 'slow', '--wait']));
    const [, job] = /job array (\d+) /.exec(await rebuild.says(/job array \d+ /)) ?? [];
    expect((await exec(['scancel', String(job)], { user: 'alice' })).code).not.toBe(0);
    const submitted = await exec(['sbatch', '--uid=ctmgr', '--wrap=id'], { user: 'alice' });
    expect(submitted.code).not.toBe(0);
    expect(submitted.stdout).toBe('');
    expect((await rebuild.end).code).toBe(0);
  });
});

describe('rights.rebuild = "admin"', () => {
  let open: Site;

  beforeAll(async () => {
    open = await makeSite({ rights: 'rebuild = "admin"' });
    await required(open.import('good', `FROM ${busybox}\nRUN true\n`));
  });

  afterAll(async () => {
    await open.remove();
  });

  it('shows admins the commands, but builds run as the service account', async () => {
    expect((await open.ctmgr(['--help'], { user: 'admin1' })).stdout).toMatch(/ctmgr rebuild/);
    expect((await open.ctmgr(['--help'], { user: 'alice' })).stdout).not.toMatch(/ctmgr (rebuild|import)/);
    for (const words of [['rebuild'], ['poll']]) {
      const { code, stderr } = await open.ctmgr(words, { user: 'admin1' });
      expect([words, code]).toEqual([words, 77]);
      expect(stderr).toBe('ctmgr: builds run as ctmgr, and you are admin1\nTry: sudo -u ctmgr ctmgr …, or as root\n');
    }
    expect(await open.status()).toEqual([]);
  });

  it('lets the service account rebuild without root, if it is an admin', async () => {
    await output(['usermod', '-aG', 'hpcadm', 'ctmgr']);
    try {
      const { code } = await open.ctmgr(['rebuild', '--wait'], { user: 'ctmgr' });
      expect(code).toBe(0);
      expect((await open.ctmgr(['path', 'good'], { user: 'alice' })).code).toBe(0);
    } finally {
      await output(['gpasswd', '-d', 'ctmgr', 'hpcadm']);
    }
  });
});

describe('a wrong configuration', () => {
  it('is told with file, key, expected and found', async () => {
    const path = `${site.inputs}/wrong.toml`;
    await site.write(path, '[build]\nusr = "x"\nthrottle = "two"\n[images]\nmode = 444\n');
    const { code, stdout, stderr } = await exec(['ctmgr', 'list'], { user: 'alice', env: { CTMGR_CONFIG: path } });
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toContain(`ctmgr: the configuration ${path} is not valid\n`);
    expect(stderr).toMatch(/build\.usr: unknown key/);
    expect(stderr).toMatch(/build\.throttle: expected .*number.*, found "two"/);
    expect(stderr).toMatch(/images\.mode: expected .*string.*, found 444/);
  });

  it('that cannot be read or is no TOML is one too', async () => {
    const path = `${site.inputs}/broken.toml`;
    await site.write(path, '[build\n');
    const broken = await exec(['ctmgr', 'list'], { env: { CTMGR_CONFIG: path } });
    expect(broken.code).toBe(78);
    expect(broken.stderr).toMatch(/broken.toml is not valid TOML\n {2}line 1, column \d+: /);
    await output(['chmod', '600', path]);
    const closed = await exec(['ctmgr', 'list'], { user: 'alice', env: { CTMGR_CONFIG: path } });
    expect(closed.code).toBe(78);
    expect(closed.stderr).toMatch(/cannot read the configuration .*broken.toml\n.*EACCES.*\nTry: chmod 644/);
  });
});
