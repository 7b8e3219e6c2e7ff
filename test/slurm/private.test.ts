import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Ended, exec, output, required } from './support/cluster.ts';
import { busybox, makeSite, type Site } from './support/site.ts';

/** In the Dockerfile, the log and the image of `secret`, and nowhere that others may read. */
const token = 'hunter2-token';
const dockerfile = `FROM ${busybox}\nRUN echo ${token} | tee /token\n`;

let site: Site;
let tag: string;

/** `secret` is of projx, where alice is and bob is not; `open` is for everybody. */
beforeAll(async () => {
  site = await makeSite();
  await required(site.import('open', `FROM ${busybox}\nRUN true\n`));
  await required(site.import('secret', dockerfile, {}, ['--group', 'projx']));
  await output(['chmod', '-R', 'o=', `${site.inputs}/secret`]);
  await required(site.ctmgr(['rebuild', '--wait']));
  tag = (await site.status())[0]?.tag ?? '';
});

afterAll(async () => {
  await site.remove();
});

const as = (user: string, words: string[]): Promise<Ended> => site.ctmgr(words, { user });
const run = (user: string, image: string): Promise<Ended> =>
  exec(['srun', `--container=${image}`, 'cat', '/token'], { user, env: site.env });

const everything = 'phsort';

/** What a user can do with `secret`: one letter for each thing that works. */
async function access(user: string, ways = everything): Promise<string> {
  const attempts: Record<string, () => Promise<Ended>> = {
    p: () => as(user, ['path', 'secret']),
    h: () => as(user, ['history', 'secret']),
    s: () => as(user, ['show', `secret:${tag}`]),
    o: () => as(user, ['logs', 'secret']),
    r: () => run(user, 'secret'),
    t: () => run(user, `secret:${tag}`),
  };
  const letters = [...ways].map(async (letter) => ((await attempts[letter]?.())?.code === 0 ? letter : ''));
  const listed = /^secret /m.test((await as(user, ['list'])).stdout);
  return `${listed ? 'listed ' : ''}${(await Promise.all(letters)).join('')}`;
}

describe('an image of a group', () => {
  it('is there for its members in every way', async () => {
    expect(await access('alice')).toBe(`listed ${everything}`);
    expect((await run('alice', 'secret')).stdout).toBe(`${token}\n`);
    expect((await as('alice', ['list'])).stdout).toMatch(/GROUP\n(.*\n)*secret .* projx$/m);
    expect((await as('alice', ['status', tag])).stdout).toMatch(/^secret /m);
    expect((await as('alice', ['logs', 'secret'])).stdout).toContain(token);
  });

  it('does not exist for others, who are told what they are told of an unknown name', async () => {
    expect(await access('bob')).toBe('');
    const calls = ['path', 'show', 'history', 'logs'].map((verb) => (image: string) => as('bob', [verb, image]));
    const others = [...calls, (image: string) => run('bob', image)];
    for (const image of ['secret', `secret:${tag}`]) {
      const comparisons = others.map(async (ask) => {
        const [asked, unknown] = await Promise.all([ask(image), ask(image.replace('secret', 'nobody'))]);
        expect(JSON.parse(JSON.stringify(asked).replaceAll('secret', 'nobody'))).toEqual(unknown);
        expect(asked.code).toBeGreaterThan(0);
      });
      await Promise.all(comparisons);
    }
    for (const words of [['list', '--all'], ['status', tag], ['status']]) {
      expect((await as('bob', words)).stdout).not.toContain('secret');
    }
  });

  it('is closed on disk: neither its name nor its text is to be found', async () => {
    for (const place of [{ user: 'bob' }, { user: 'bob', node: 'c1' }, { user: 'admin1' }]) {
      const found = await exec(
        ['sh', '-c', `find ${site.share} -name '*secret*'; grep -rls -e ${token} -e secret ${site.share}`],
        place,
      );
      expect(found.stdout).toBe('');
    }
    const { share } = site;
    const modes = {
      [`${share}/private`]: '711 ctmgr:ctmgr',
      [`${share}/private/projx`]: '2750 ctmgr:projx',
      [`${share}/private/projx/builds/${tag}/secret.sif`]: '440 ctmgr:projx',
      [`${share}/private/projx/builds/${tag}/secret.sif.sha256`]: '440 ctmgr:projx',
      [`${share}/private/projx/catalog.json`]: '640 root:projx',
      [`${share}/private/projx/logs/${tag}`]: '2750 ctmgr:projx',
      [`${share}/results`]: '750 ctmgr:ctmgr',
    };
    const stat = await output(['stat', '--format=%a %U:%G', ...Object.keys(modes)]);
    expect(stat.split('\n')).toEqual(Object.values(modes));
  });
});

describe('a change of the group', () => {
  const change = (...words: string[]): Promise<Ended> =>
    site.ctmgr(['import', `${site.inputs}/secret/Dockerfile`, '--name', 'secret', ...words]);

  it('moves the images there are: to everybody, to another group', async () => {
    const both = (): Promise<string[]> => Promise.all([access('alice', 'pr'), access('bob', 'pr')]);
    await required(change('--public'));
    expect(await both()).toEqual(['listed pr', 'listed pr']);
    await required(change('--group', 'projy'));
    expect(await both()).toEqual(['', 'listed pr']);
    const left = await output([
      'sh',
      '-c',
      `find ${site.share}/builds ${site.share}/current ${site.share}/logs ${site.share}/private/projx -name '*secret*'`,
    ]);
    expect(left).toBe('');
    await required(change('--group', 'projx'));
    expect(await both()).toEqual(['listed pr', '']);
    expect((await exec(['sh', '-c', `grep -rls secret ${site.share}`], { user: 'bob' })).stdout).toBe('');
  });

  it('to a group that does not exist is refused', async () => {
    expect(await change('--group', 'nosuch')).toMatchObject({
      code: 66,
      stderr: expect.stringMatching(/^ctmgr: there is no group nosuch\n/),
    });
    expect(await change('--group', '../projx')).toMatchObject({ code: 64 });
    expect(await access('alice', 'p')).toBe('listed p');
  });
});

describe('a group that is deleted', () => {
  it('leaves its images to nobody: what is there stays closed, what is built is not published', async () => {
    await output(['groupadd', '-g', '2100', '-U', 'alice', 'brief']);
    try {
      await required(site.import('gone', dockerfile, {}, ['--group', 'brief']));
      await required(site.ctmgr(['rebuild', 'gone', '--wait']));
      // Not by srun: slurmctld remembers for ten minutes who is in which group.
      const { stdout } = await as('alice', ['path', 'gone']);
      expect(await exec(['test', '-r', stdout.trim()], { user: 'alice' })).toMatchObject({ code: 0 });
    } finally {
      await output(['groupdel', 'brief']);
    }
    expect((await as('alice', ['list'])).stdout).not.toContain('gone');
    const rebuilt = await site.ctmgr(['rebuild', 'gone', '--wait']);
    expect(rebuilt.code).toBe(1);
    expect(rebuilt.stdout + rebuilt.stderr).toMatch(/its group brief does not exist, so nobody may read it/);
    const found = await exec(['sh', '-c', `find ${site.share} -name '*gone*'`], { user: 'alice' });
    expect(found.stdout).toBe('');
    const secret = (await site.ctmgr(['path', 'secret'])).stdout.trim();
    await output(['chmod', '400', secret]);
    const doctor = await site.ctmgr(['doctor', '--no-jobs']);
    await output(['chmod', '440', secret]);
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toMatch(/^PROBLEM +group \(brief\): does not exist.*\(gone\)\n +Try: groupadd brief/m);
    expect(doctor.stdout).toContain(`group (projx): its members cannot read ${secret} (mode 400)`);
    expect((await site.ctmgr(['doctor', '--no-jobs'])).stdout).toMatch(/^ok +group \(projx\): /m);
  });
});
