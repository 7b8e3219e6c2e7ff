import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { exec, output, required, start } from './support/cluster.ts';
import { insideWords, startReader } from './support/inside.ts';
import { startKillable } from './support/killable.ts';
import { busybox, makeSite, type Site } from './support/site.ts';
import { watch } from './support/watch.ts';

let site: Site;
/** Build tags of `app`, oldest first, and what is in the file /stamp of each image. */
const tags: string[] = [];
const stamps: string[] = [];

beforeAll(async () => {
  site = await makeSite();
  await required(site.import('app', `FROM ${busybox}\nRUN date +%s%N > /stamp\n`));
  for (let i = 0; i < 2; i += 1) await build();
});

afterAll(async () => {
  await site.remove();
});

async function build(): Promise<void> {
  await required(site.ctmgr(['rebuild', '--wait']));
  const [image] = await site.status();
  tags.push(image?.tag ?? '');
  stamps.push(await stampOf(`app:${image?.tag}`));
}

const stampOf = (reference: string): Promise<string> =>
  output(['srun', `--container=${reference}`, 'cat', '/stamp'], { user: 'alice', env: site.env });
const linked = (): Promise<string> => output(['readlink', `${site.share}/current/app.sif`]);
const target = (tag: string | undefined): string => `../builds/${tag}/app.sif`;

describe('rollback', () => {
  it('by an admin without a service is recorded, and done by the next pass', async () => {
    const words = ['rollback', 'app', '--message', 'wrong results'];
    const { code, stdout, stderr } = await site.ctmgr(words, { user: 'admin1' });
    expect(code).toBe(75);
    expect(stdout).toMatch(
      new RegExp(`^app means ${tags[0]} \\(before: ${tags[1]}\\)\\.\n.*not pinned.*ctmgr pin app\n$`),
    );
    expect(stderr).toMatch(/^The change is recorded and takes effect with the next pass of the service/);
    expect(await linked()).toBe(target(tags[1]));
    expect(await site.ctmgr(['poll'])).toMatchObject({ code: 0 });
    expect(await linked()).toBe(target(tags[0]));
    expect(await stampOf('app')).toBe(stamps[0]);
    const { stdout: path } = await site.ctmgr(['path', 'app'], { user: 'alice', node: 'c1' });
    expect(path).toBe(`${site.share}/builds/${tags[0]}/app.sif\n`);
  });

  it('by an admin while the service runs is done when the command ends', async () => {
    const service = await startKillable(site, ['service']);
    await service.says(/"service started"/);
    expect(await site.ctmgr(['rollback', 'app', tags[1] ?? ''], { user: 'admin1' })).toMatchObject({ code: 0 });
    expect(await linked()).toBe(target(tags[1]));
    await service.signal('TERM');
    await service.end;
  });
});

describe('a pin', () => {
  it('outlasts a rebuild of everything, until it is taken away', async () => {
    expect(await site.ctmgr(['pin', 'app', tags[0] ?? ''])).toMatchObject({ code: 0 });
    await build();
    expect(await linked()).toBe(target(tags[0]));
    const { stdout } = await site.ctmgr(['list'], { user: 'alice' });
    expect(stdout).toMatch(/PINNED\n.*\n.*yes$/m);
    const unpinned = await site.ctmgr(['unpin', 'app']);
    expect(unpinned.stdout).toContain(`newer good build is there already: ctmgr rollback app ${tags[2]}`);
    expect(await linked()).toBe(target(tags[0]));
  });
});

describe('a thousand flips', () => {
  it('show no reader a missing or half name', async () => {
    const reader = await startReader(site);
    const link = `${site.share}/current/app.sif`;
    // Until its input ends. What is wrong is printed; the last line says how often it looked.
    const look = `n=0; while ! read -t 0 x; do f=$(readlink -f ${link}) && [ -f "$f" ] || echo bad; n=$((n+1)); done; echo $n`;
    const links = start(['bash', '-c', look], { user: 'alice', node: 'c1' });
    const path = `n=0; while ! read -t 0 x; do ctmgr path app || echo bad; n=$((n+1)); done; echo $n`;
    const paths = start(['bash', '-c', path], { user: 'bob', node: 'c2', env: site.env });
    const run = `n=0; while ! read -t 0 x; do srun -Q --container=app cat /stamp || echo bad; n=$((n+1)); done; echo $n`;
    const runs = start(['bash', '-c', run], { user: 'alice', env: site.env });
    const readers = [links, paths, runs].map((child) => watch(child, { keepInput: true }));
    const flips = insideWords('flip-name', [site.env['CTMGR_CONFIG'] ?? '', '1000', 'app', ...tags.slice(0, 2)]);
    expect(await output(flips)).toBe('1000');
    for (const { child } of readers) child.stdin?.end('x\n');
    const [seenLinks, seenPaths, seenRuns] = await Promise.all(
      readers.map(async ({ end }) => {
        const { stdout, stderr } = await end;
        expect(stderr).toBe('');
        return stdout.trim().split('\n');
      }),
    );
    expect((await reader.stop()).violations).toEqual([]);
    expect(seenLinks).toHaveLength(1);
    expect(Number(seenLinks?.[0])).toBeGreaterThan(100);
    const files = tags.slice(0, 2).map((tag) => `${site.share}/builds/${tag}/app.sif`);
    for (const file of seenPaths?.slice(0, -1) ?? []) expect(files).toContain(file);
    expect(Number(seenPaths?.at(-1))).toBeGreaterThan(3);
    for (const stamp of seenRuns?.slice(0, -1) ?? []) expect(stamps.slice(0, 2)).toContain(stamp);
    expect(Number(seenRuns?.at(-1))).toBeGreaterThan(3);
  });
});

describe('retire', () => {
  it('takes the name away from users and rebuilds; what runs goes on', async () => {
    const job = watch(
      start(['srun', '--container=app', 'sh', '-c', 'echo running; read x; cat /stamp'], {
        user: 'alice',
        env: site.env,
      }),
      { keepInput: true },
    );
    await job.says(/running/);
    expect(await site.ctmgr(['retire', 'app', '--message', 'use app2'])).toMatchObject({ code: 0 });
    job.child.stdin?.end('x\n');
    expect(await job.end).toMatchObject({ code: 0 });
    const gone = await exec(['srun', '--container=app', 'true'], { user: 'alice', env: site.env });
    expect(gone).toMatchObject({ code: 66, stderr: expect.stringMatching(/there is no image app, or it is not/) });
    expect((await site.ctmgr(['list'], { user: 'alice' })).stdout).toBe('');
    const ofUser = (await site.ctmgr(['history', 'app'], { user: 'alice' })).stdout;
    expect(ofUser).toContain(tags[0]);
    expect(ofUser).not.toContain('retire');
    const history = (await site.ctmgr(['history', 'app'], { user: 'admin1' })).stdout;
    expect(history).toMatch(/^\S+ \S+ +retire .* root .* use app2$/m);
    expect(history).toMatch(/^\S+ \S+ +rollback to \S+ \(was \S+\) /m);
    expect(await stampOf(`app:${tags[2]}`)).toBe(stamps[2]);
    expect(await site.ctmgr(['rebuild', 'app'])).toMatchObject({ code: 66 });
    expect(await site.ctmgr(['rebuild'])).toMatchObject({ code: 66 });
  });
});
