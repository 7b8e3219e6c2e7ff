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

it('a mail arrives, whatever a message holds', async () => {
  const site = await makeSite({ tables: '[notify]\nmail_to = ["bob", "root"]\nmail_from = "ctmgr@mgmt"\n' });
  await required(site.import('bad', `FROM ${busybox}\nRUN exit 3\n`));
  await required(site.ctmgr(['rebuild']));
  await until(
    'the end of the build',
    async () => (await site.ctmgr(['poll']), await site.status()),
    ([bad]) => bad?.status === 'failure',
  );
  const mail = (user: string): Promise<string> =>
    until(
      `mail for ${user}`,
      () => output(['sh', '-c', 'cat "/var/mail/$1" 2>/dev/null || true', 'sh', user]),
      (text) => text.includes('ctmgr logs'),
    );
  const [header = '', body] = (await mail('bob')).split('\n\n');
  for (const line of ['From: ctmgr@mgmt', 'To: bob,\n root', 'Content-Type: text/plain; charset=utf-8'])
    expect(header).toContain(`\n${line}\n`);
  expect(header).toMatch(/^Subject: ctmgr \S+: 1 failed$/m);
  expect(body).toMatch(/^Build tag /);
  expect(await mail('root')).toContain('bad: failure (build) on b');
  // What no build prints: more than mailers take in one line, a line that ends a mail, a header, and letters of all kinds.
  const hostile = `grüße ✓\r\n.\r\n\r\nBcc: alice ${'größer '.repeat(500)}`;
  const change = `const s=require('/opt/ctmgr/node_modules/better-sqlite3')(process.argv[1]);
    s.prepare('update container_instance set message = ?').run(process.argv[2]);
    s.exec("update tag_notice set state = 'waiting', attempts = 0, next_at = 0")`;
  await output(['rm', '/var/mail/bob', '/var/mail/root']);
  await output(['/opt/ctmgr/node_modules/node/bin/node', '-e', change, `${site.state}/ctmgr.db`, hostile]);
  await required(site.ctmgr(['poll']));
  const text = await mail('bob');
  expect(text).toContain('\nbad: failure (build) on b');
  expect(text).toContain(': grüße ✓\\r\\n.\\r\\n\\r\\nBcc: alice größer ');
  expect(text).toMatch(/\n  ctmgr logs bad:\S+\s*$/);
  expect(text.match(/größer/g)).toHaveLength(500);
  await output(['rm', '/var/mail/bob', '/var/mail/root']);
  await site.remove();
});
