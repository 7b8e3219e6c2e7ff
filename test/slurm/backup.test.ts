import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { exec, output, required, until } from './support/cluster.ts';
import { inspectSite } from './support/inside.ts';
import { busybox, makeSite, type Site } from './support/site.ts';

let site: Site;

beforeAll(async () => {
  site = await makeSite();
  await required(site.import('quick', `FROM ${busybox}\nCOPY motto /motto\n`, { motto: 'festina lente\n' }));
  await required(site.import('slow', `FROM ${busybox}\nRUN sleep 12\n`));
  await required(site.ctmgr(['rebuild', 'quick', '--wait']));
});

afterAll(async () => {
  await site.remove();
});

it('a backup of a running rebuild, restored to an empty host, is carried on with all its history', async () => {
  const file = `${site.inputs}/backup.tar`;
  await required(site.ctmgr(['rebuild']));
  const status = async (): Promise<string[]> => {
    await site.ctmgr(['poll']);
    return (await site.status()).map((image) => image.status);
  };
  await until('a build', status, (all) => all.includes('building'));
  const before = await inspectSite(site);
  expect(await site.ctmgr(['backup', file])).toMatchObject({
    code: 0,
    stdout: `Wrote ${file}: the database and 1 build context. Images and config.toml are not in it.\n`,
  });
  expect(await output(['stat', '-c', '%a', file])).toBe('600');
  expect(await site.ctmgr(['backup', file])).toMatchObject({ code: 73, stderr: expect.stringContaining('EEXIST') });
  // What the backup does not know: a tag that is built after it.
  const { tag: unknown } = await site.json<{ tag: string }>(['rebuild', 'quick']);
  await required(site.ctmgr(['poll', '--wait']));
  expect(await site.ctmgr(['restore', file])).toMatchObject({ code: 73, stderr: expect.stringContaining('--replace') });

  await output(['rm', '-rf', site.state]);
  expect(await site.ctmgr(['restore', file])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('missing here: 1.'),
  });
  const after = await inspectSite(site);
  for (const table of ['recipe', 'recipe_content', 'build_tag', 'build_array', 'container_file', 'current_image']) {
    expect([table, after.rows[table]]).toEqual([table, before.rows[table]]);
  }
  expect(after.rows['event']?.slice(0, before.rows['event']?.length)).toEqual(before.rows['event']);
  expect(await output(['stat', '-c', '%a %G', `${site.state}/ctmgr.db`])).toBe('660 hpcadm');

  expect(await site.ctmgr(['poll', '--wait'])).toMatchObject({ code: 0 });
  expect(await status()).toEqual(['success', 'success']);
  const fsck = await site.ctmgr(['fsck', '--repair', '--hash', '--json']);
  expect(fsck.code).toBe(1);
  // A link that leads to what was built after the backup is led back, unless the poll before has done that.
  const kinds = (JSON.parse(fsck.stdout) as { kind: string; subject: string; state: string }[])
    .filter(({ kind, state }) => kind !== 'current-link' || state !== 'repaired')
    .map(({ kind, subject, state }) => `${state} ${kind} ${subject.slice(site.share.length + 1)}`);
  expect(kinds.sort()).toEqual(
    ['builds', 'logs', 'results', 'tasks'].map((folder) => `differs orphan-folder ${folder}/${unknown}`),
  );
  // Neither the tag nor its results are taken for those of the next rebuild, whose context came with the backup.
  const { tag: next } = await site.json<{ tag: string }>(['rebuild', 'quick']);
  const [[day, number], [nextDay, nextNumber]] = [unknown.split('.'), next.split('.')];
  expect(nextNumber).toBe(nextDay === day ? String(Number(number) + 1) : '1');
  await required(site.ctmgr(['poll', '--wait']));
  const motto = ['srun', `--container=quick:${next}`, 'cat', '/motto'];
  expect(await exec(motto, { user: 'alice', env: site.env })).toMatchObject({ code: 0, stdout: 'festina lente\n' });
  const strangers = ['builds', 'logs', 'results', 'tasks'].map((name) => `${site.share}/${name}/${unknown}`);
  await output(['rm', '-rf', '--', ...strangers]);
  expect(await site.ctmgr(['fsck', '--hash'])).toMatchObject({
    code: 0,
    stderr: 'Database, disk and Slurm agree.\n',
  });
});

it('a backup alone is enough to build an old version again, on an empty share and without its Dockerfile', async () => {
  await required(site.import('quick', `FROM ${busybox}\nRUN echo without a motto\n`));
  const file = `${site.inputs}/late.tar`;
  await required(site.ctmgr(['backup', file]));
  await output(['rm', '-rf', site.state, site.share, `${site.inputs}/quick`, `${site.inputs}/slow`]);
  await required(site.ctmgr(['restore', file]));
  await required(site.ctmgr(['init']));
  expect(await site.ctmgr(['rebuild', 'quick:1', '--wait'])).toMatchObject({ code: 0 });
  const motto = ['srun', '--container=quick', 'cat', '/motto'];
  expect(await exec(motto, { user: 'alice', env: site.env })).toMatchObject({ code: 0, stdout: 'festina lente\n' });
  expect(await site.ctmgr(['rebuild', 'quick:1', 'quick'])).toMatchObject({ code: 64 });
  expect(await site.ctmgr(['rebuild', 'quick:9'])).toMatchObject({ code: 66 });
  const { changed } = await site.json<{ changed: object[] }>(['rebuild', 'quick', '--changed', '--dry-run']);
  expect(changed).toMatchObject([{ name: 'quick', changes: [{ kind: 'recipe', from: '1', to: '2' }] }]);
});
