import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { output, until } from './support/cluster.ts';
import { elementsOf, expectConsistent, readInstances } from './support/expect-consistent.ts';
import { inspectSite } from './support/inside.ts';
import { type Killable, startKillable } from './support/killable.ts';
import { makeSite, type Site, slowDockerfile } from './support/site.ts';
import { makeSlurmStandIns, type SlurmStandIns } from './support/slurm-stand-ins.ts';

let site: Site;
let standIns: SlurmStandIns;

beforeAll(async () => {
  standIns = await makeSlurmStandIns();
  site = await makeSite({ slurm: standIns.toml });
  for (const name of ['one', 'two']) expect(await site.import(name, slowDockerfile(2))).toMatchObject({ code: 0 });
});

afterAll(async () => {
  await site.remove();
  await standIns.remove();
});

const started: Killable[] = [];

/** A service that is ended with its test, should that one fail. */
async function launchService(of: Site = site): Promise<Killable> {
  const service = await startKillable(of, ['service']);
  started.push(service);
  return service;
}

afterEach(async () => {
  for (const service of started.splice(0)) {
    service.child.kill();
    await service.end;
  }
});

async function startService(of: Site = site): Promise<Killable> {
  const service = await launchService(of);
  await service.says(/"service started"/);
  return service;
}

/** SIGTERM has to end it, with 0 and without a lock left behind. */
async function stopService(service: Killable, of: Site = site): Promise<void> {
  await service.signal('TERM');
  expect(await service.end).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/service stopped; jobs go on"\}\n$/),
  });
  expect(await output(['ls', of.state])).not.toContain('service.lock');
}

const statuses = async (): Promise<string[]> => (await site.status()).map(({ status }) => status);
const all = (status: string) => (found: string[]) => found.every((one) => one === status);

/**
 * Waits until the service has had `count` more passes in which it asks Slurm if there is anything to ask: it also looks then
 * for what others have changed in the database, and shows that in the catalogue.
 */
async function passes(count: number): Promise<void> {
  // With the time of its change: an inode that has become free is used again.
  const inode = (): Promise<string> => output(['stat', '-c', '%i %z', `${site.share}/catalog.json`]);
  for (let i = 0; i < count; i += 1) {
    const before = await inode();
    const overlay = ['overlay', 'add', `pass-${i}`, '--selector', 'recipe:nobody', '--run', 'true'];
    expect(await site.ctmgr(overlay, { user: 'admin1' })).toMatchObject({ code: 0 });
    await until('another pass', inode, (now) => now !== before);
  }
}

describe('ctmgr service', () => {
  it('follows and publishes what another process has submitted', async () => {
    const service = await startService();
    expect(await site.ctmgr(['rebuild'])).toMatchObject({ code: 0 });
    await until('two images', statuses, all('success'));
    for (const name of ['one', 'two']) {
      expect(service.said()).toMatch(new RegExp(`"name":"${name}",.*"from":"queued","to":"building"`));
      expect(service.said()).toMatch(new RegExp(`"name":"${name}",.*"from":"building","to":"success"`));
    }
    await expectConsistent(site);
    await stopService(service);
  });

  it('does not keep from a waiting rebuild what happens', async () => {
    const service = await startService();
    const { code, stderr } = await site.ctmgr(['rebuild', '--wait']);
    expect(code).toBe(0);
    for (const name of ['one', 'two']) {
      expect(stderr).toMatch(new RegExp(`^[0-9:]+ ${name}: queued -> building$`, 'm'));
      expect(stderr).toMatch(new RegExp(`^[0-9:]+ ${name}: building -> success$`, 'm'));
    }
    await stopService(service);
  });

  it('asks nothing of Slurm while nothing is unfinished', async () => {
    const service = await startService();
    const before = await standIns.calls();
    await passes(2);
    expect(await standIns.calls()).toEqual(before);
    await stopService(service);
  });

  it('carries on after it was killed', async () => {
    // Builds that last until both have been seen at work and the service is dead.
    const long = ['long-1', 'long-2'];
    for (const name of long) expect(await site.import(name, slowDockerfile(8))).toMatchObject({ code: 0 });
    const killed = await startService();
    expect(await site.ctmgr(['rebuild', ...long])).toMatchObject({ code: 0 });
    for (const name of long) await killed.says(new RegExp(`"name":"${name}",.*"to":"building"`));
    await killed.signal('KILL');
    expect(await killed.end).toMatchObject({ code: 137 });
    const [tag] = readInstances(await inspectSite(site))
      .slice(-1)
      .map((instance) => instance.tag);
    const results = (): Promise<string> => output(['ls', `${site.share}/results/${tag}`]);
    await until('results that nobody has read', results, (names) => names === '0.json\n1.json');
    expect(await statuses()).toEqual(['building', 'building']);
    const service = await startService();
    await until('two images', statuses, all('success'));
    await expectConsistent(site);
    await stopService(service);
  });

  it('runs once: of several that start together one stays and the others end with 75', async () => {
    const services = await Promise.all([1, 2, 3].map(() => launchService()));
    const ended: number[] = [];
    for (const [i, service] of services.entries()) void service.end.then(() => ended.push(i));
    await until(
      'two refusals',
      async () => ended.length,
      (count) => count === 2,
    );
    const [stays = 0] = [0, 1, 2].filter((i) => !ended.includes(i));
    for (const i of ended) {
      expect(await services[i]?.end).toMatchObject({ code: 75, stdout: '' });
      expect(services[i]?.said()).toMatch(/^pid \d+\nctmgr: .*service.*\n {2}process \d+ holds .*service\.lock\nTry: /);
    }
    const service = services[stays] as Killable;
    await service.says(/"service started"/);
    expect(await site.ctmgr(['service'])).toMatchObject({ code: 75 });
    await stopService(service);
  });

  it('publishes from result files, and ends on SIGTERM, while Slurm does not answer', async () => {
    const service = await startService();
    await standIns.order('sacct', 'hold');
    const calls = (await standIns.calls()).length;
    expect(await site.ctmgr(['rebuild', 'one'])).toMatchObject({ code: 0 });
    const asked = async (): Promise<boolean> =>
      (await standIns.calls()).slice(calls).some((call) => call.startsWith('sacct'));
    await until('a question to sacct', asked, (yes) => yes);
    await until('the image', statuses, all('success'));
    await stopService(service);
    await standIns.release('sacct');
    expect(await site.ctmgr(['poll', '--wait'])).toMatchObject({ code: 0 });
    await expectConsistent(site);
  });
});

describe('the nightly schedule', () => {
  it('starts a rebuild of everything when the one before is finished, and not sooner', async () => {
    const nightly = await makeSite({ service: 'nightly = "*/2 * * * * *"' });
    expect(await nightly.import('one', slowDockerfile(3))).toMatchObject({ code: 0 });
    const service = await startService(nightly);
    const [text] = [await service.says(/"scheduled rebuild started"(.*\n)*.*"scheduled rebuild started"/)];
    expect(text).toMatch(/, which it started before, is not finished".*"scheduled rebuild left out"/);
    await stopService(service, nightly);
    expect(await nightly.ctmgr(['poll', '--wait'])).toMatchObject({ code: 0 });
    const state = await expectConsistent(nightly);
    expect(state.rows['build_tag']?.map(({ created_by }) => created_by)).toEqual([
      'schedule:nightly',
      'schedule:nightly',
    ]);
    const [first, second] = (await elementsOf(nightly, 2)).sort((a, b) => a.start - b.start);
    expect(second?.start).toBeGreaterThanOrEqual(first?.end ?? Infinity);
    await nightly.remove();
  });
});
