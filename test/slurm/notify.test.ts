import { expect, it } from '@jest/globals';

import { output, required, until } from './support/cluster.ts';
import { startKillable } from './support/killable.ts';
import { busybox, makeSite } from './support/site.ts';

it('a notifier that hangs does not hold up the poller, and its message comes after a restart', async () => {
  const site = await makeSite();
  const told = `${site.inputs}/told`;
  const configFile = site.env['CTMGR_CONFIG'] ?? '';
  const before = await output(['cat', configFile]);
  const notify = (then: string): string =>
    `${before}\n[notify]\nexec = ["/bin/sh", "-c", "cat >>$0; ${then}", "${told}"]\ntimeout = 600\n`;
  await site.write(configFile, notify('sleep 600'));
  await required(site.import('bad', `FROM ${busybox}\nRUN exit 3\n`));
  const service = await startKillable(site, ['service']);
  try {
    await required(site.ctmgr(['rebuild']));
    await until(
      'a message',
      () => output(['sh', '-c', 'cat "$1" 2>/dev/null || true', 'sh', told]),
      (text) => text.includes('}'),
    );
    await required(site.import('good', `FROM ${busybox}\nRUN true\n`));
    await required(site.ctmgr(['rebuild', 'good']));
    await until(
      'the good image',
      () => site.status(),
      (all) => all.every(({ status }) => status === 'success'),
    );
    await service.signal('TERM');
    expect(await service.end).toMatchObject({ code: 0 });
  } finally {
    service.child.kill();
    await service.end;
  }
  // The next notifier answers at once.
  await site.write(configFile, notify('true'));
  const database = `${site.state}/ctmgr.db`;
  const soon = `const s=require('/opt/ctmgr/node_modules/better-sqlite3')('${database}');s.exec('update tag_notice set next_at = 0')`;
  await output(['/opt/ctmgr/node_modules/node/bin/node', '-e', soon]);
  expect(await site.ctmgr(['poll'])).toMatchObject({ code: 0, stderr: expect.stringContaining('notice sent (exec)') });
  const messages = (await output(['cat', told]))
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; attempt: number });
  expect(messages.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(messages).toMatchObject([{ failed: [{ name: 'bad' }] }, { failed: [{ name: 'bad' }] }]);
  expect(messages[0]?.id).toBe(messages[1]?.id);
  await site.remove();
});
