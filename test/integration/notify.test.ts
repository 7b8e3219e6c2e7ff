import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { publish } from '../../lib/builds/publish.ts';
import { notifyEnds } from '../../lib/service/notify.ts';
import { changeInstance } from '../../lib/store/instances.ts';
import { claimNotice, openNotices, settleNotice, type TagNotice } from '../../lib/store/tag-notices.ts';
import { epochSeconds } from '../../lib/util/clock.ts';
import { processIdentity } from '../../lib/util/process-identity.ts';
import { buildImage, importOne, makeTestSite, named, recordAll, type TestSite } from './support/test-site.ts';

let site: TestSite;

beforeEach(async () => {
  site = await makeTestSite();
  for (const name of ['app', 'lib']) await importOne(site, name);
});

afterEach(async () => {
  await site.remove();
});

type Notify = TestSite['config']['notify'];

function configure(notify: Partial<Notify>): void {
  site = { ...site, config: { ...site.config, notify: { ...site.config.notify, ...notify } } };
}

/** A notifier that keeps what it is told, one line a message, and then does as `then` says. */
function notifier(then = ''): Partial<Notify> {
  const program = join(site.folder, 'notify');
  writeFileSync(program, `#!/bin/sh\ncat >>"\${0}.got"\necho "$@" >>"\${0}.args"\n${then}\n`, { mode: 0o755 });
  return { exec: [program, '--to', "it's me"] };
}

interface Told {
  id: string;
  attempt: number;
  counts: object;
  failed: { name: string }[];
  recovered: object[];
}

function told(): Told[] {
  const file = join(site.folder, 'notify.got');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Told);
}

/** A tag that has ended; images of these names are good, the others failed. */
async function build(...good: string[]): Promise<string> {
  const { tag, instances } = await recordAll(site);
  for (const instance of instances) {
    if (good.includes(instance.name)) {
      await publish(site, instance, buildImage(site, instance));
      continue;
    }
    const failure = { status: 'failure' as const, failure_kind: 'build' as const, message: 'make:\nboom' };
    await changeInstance(site.store, instance.id, instance.status, { ...failure, node: 'b1' });
  }
  return tag.name;
}

const notices = (): Promise<TagNotice[]> => openNotices(site.store, Number.MAX_SAFE_INTEGER);

/** As if the pause before the next attempt were over. */
async function wait(): Promise<void> {
  for (const notice of await notices()) {
    await settleNotice(site.store, notice, { state: 'waiting', nextAt: epochSeconds(), message: null });
  }
}

describe('a notifier', () => {
  test('gets one message for a tag with failures, when it has ended', async () => {
    configure(notifier());
    const { tag, instances } = await recordAll(site);
    const app = named(instances, 'app');
    await changeInstance(site.store, app.id, 'pending', {
      status: 'failure',
      failure_kind: 'oom',
      message: 'out of memory on b1',
      node: 'b1',
    });
    expect(await notifyEnds(site)).toEqual([]);
    const lib = named(instances, 'lib');
    await publish(site, lib, buildImage(site, lib));
    expect(await notifyEnds(site)).toEqual([{ tag: tag.name, channel: 'exec', state: 'sent', message: null }]);
    expect(told()).toEqual([
      {
        schema: 1,
        id: tag.name,
        tag: tag.name,
        by: 'tester',
        started: expect.any(Number),
        ended: expect.any(Number),
        held: false,
        counts: { success: 1, failure: 1, cancelled: 0, lost: 0 },
        failed: [
          {
            name: 'app',
            status: 'failure',
            failure_kind: 'oom',
            message: 'out of memory on b1',
            node: 'b1',
            logs: ['log', 'err'].map((end) => join(site.paths.logs, tag.name, `app.${end}`)),
            current: null,
          },
        ],
        recovered: [],
        gated: [],
        attempt: 1,
      },
    ]);
    expect(readFileSync(join(site.folder, 'notify.args'), 'utf8')).toBe("--to it's me\n");
    expect(await notifyEnds(site)).toEqual([]);
    expect(told()).toHaveLength(1);
  });

  test('hears of a recovery, and nothing while all is well', async () => {
    configure(notifier());
    await build('app', 'lib');
    await notifyEnds(site);
    const failed = await build('app');
    await notifyEnds(site);
    await build('app', 'lib');
    await notifyEnds(site);
    await build('app', 'lib');
    await notifyEnds(site);
    expect(told().map(({ failed: bad, recovered }) => [bad.map(({ name }) => name), recovered])).toEqual([
      [['lib'], []],
      [[], [{ name: 'lib', failed_tag: failed }]],
    ]);
  });

  test('hears of everything if that is wanted', async () => {
    configure({ ...notifier(), when: 'always' });
    await build('app', 'lib');
    await notifyEnds(site);
    expect(told()).toMatchObject([{ counts: { success: 2, failure: 0 }, failed: [], recovered: [] }]);
  });

  test('is not told of what ended before there was one', async () => {
    await build();
    expect(await notifyEnds(site)).toEqual([]);
    configure(notifier());
    expect(await notifyEnds(site)).toEqual([]);
    expect(told()).toEqual([]);
  });

  test('that fails is asked again some times, later each time, and then no more', async () => {
    configure(notifier('echo "no network" >&2; exit 3'));
    await build('app');
    const reports = await notifyEnds(site);
    expect(reports).toMatchObject([{ state: 'waiting', message: expect.stringMatching(/exit code 3: no network$/) }]);
    expect(await notifyEnds(site)).toEqual([]);
    const states: string[] = [];
    for (let i = 0; i < 3; i += 1) {
      await wait();
      states.push(...(await notifyEnds(site)).map(({ state }) => state));
    }
    expect(states).toEqual(['waiting', 'waiting', 'given-up']);
    await wait();
    expect(await notifyEnds(site)).toEqual([]);
    expect(told().map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    expect(new Set(told().map(({ id }) => id)).size).toBe(1);
  });

  test('that hangs, with a child that keeps its pipes open, is killed', async () => {
    configure({ ...notifier('sleep 1000 & wait'), timeout: 0.3 });
    await build('app');
    expect(await notifyEnds(site)).toMatchObject([
      { state: 'waiting', message: expect.stringContaining('was killed') },
    ]);
  });

  test('that is not there, or reads nothing, harms nobody', async () => {
    configure({ exec: [join(site.folder, 'nothing-here')] });
    await build('app');
    expect(await notifyEnds(site)).toMatchObject([
      { state: 'waiting', message: expect.stringContaining('could not be started') },
    ]);
    configure({ exec: ['/bin/true'] });
    await wait();
    expect(await notifyEnds(site)).toMatchObject([{ state: 'sent' }]);
  });

  test('is told again after a crash while it was told, and not while its sender lives', async () => {
    configure(notifier());
    await build('app');
    configure({ exec: ['/bin/false'] });
    await notifyEnds(site);
    await wait();
    const [notice] = await notices();
    if (notice === undefined) throw new Error('no notice');
    await claimNotice(site.store, notice, processIdentity());
    configure(notifier());
    expect(await notifyEnds(site)).toEqual([]);
    const [claimed] = await notices();
    if (claimed === undefined) throw new Error('no notice');
    await claimNotice(site.store, claimed, processIdentity().replace(/\d+$/, '1'));
    expect(await notifyEnds(site)).toMatchObject([{ state: 'sent' }]);
    expect(told()).toMatchObject([{ attempt: 4 }]);
  });
});

test('a mail goes through sendmail, with nothing in its header that a build has printed', async () => {
  const sendmail = join(site.folder, 'sendmail');
  writeFileSync(sendmail, '#!/bin/sh\necho "$@" >"$0.args"\ncat >"$0.mail"\n', { mode: 0o755 });
  configure({ mail_to: ['root', 'hpc@example.org'], mail_from: 'ctmgr@example.org', sendmail });
  const before = await build('app');
  rmSync(sendmail, { force: false });
  expect(await notifyEnds(site)).toMatchObject([{ channel: 'mail', state: 'waiting' }]);
  writeFileSync(sendmail, '#!/bin/sh\necho "$@" >"$0.args"\ncat >"$0.mail"\n', { mode: 0o755 });
  await wait();
  expect(await notifyEnds(site)).toMatchObject([{ channel: 'mail', state: 'sent' }]);
  expect(readFileSync(`${sendmail}.args`, 'utf8')).toBe('-i -- root hpc@example.org\n');
  const [header = '', ...body] = readFileSync(`${sendmail}.mail`, 'utf8').split('\n\n');
  expect(header.split('\n')).toEqual([
    'From: ctmgr@example.org',
    'To: root,',
    ' hpc@example.org',
    `Subject: ctmgr ${before}: 1 failed`,
    expect.stringMatching(new RegExp(`^Message-ID: <ctmgr\\.${before.replaceAll('.', '\\.')}@\\S+>$`)),
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
  ]);
  expect(body.join('\n\n')).toContain(
    `lib: failure (build) on b1: make:\\nboom\n  no image of this name has been published yet\n  ctmgr logs lib:${before}\n`,
  );
});
