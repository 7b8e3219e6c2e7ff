import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { output, required, until } from './support/cluster.ts';
import { arraysOf } from './support/jobs.ts';
import { makeSite, type Site, slowDockerfile } from './support/site.ts';

let site: Site;
let tag: string;
let folder: string;

beforeAll(async () => {
  site = await makeSite();
  for (const name of ['app', 'tool']) await required(site.import(name, slowDockerfile(0)));
  await required(site.ctmgr(['rebuild']));
  tag = (await site.status())[0]?.tag ?? '';
  folder = `${site.share}/results/${tag}`;
  const [job] = await arraysOf(site);
  const query = ['sacct', '--noheader', '--allocations', '--array', '--parsable2', `--jobs=${job}`, '--format=State'];
  await until(
    'the end of both builds, as sacct tells it',
    () => output(query),
    (states) => states === 'COMPLETED\nCOMPLETED',
  );
});

afterAll(() => site.remove());

const states = async () => (await site.status(tag)).map(({ name, status }) => [name, status]);

it('judges no build whose report the share does not let read, and says why', async () => {
  await output(['mv', folder, `${folder}.away`]);
  const { stderr } = await site.ctmgr(['poll']);
  expect(stderr.match(/^ctmgr: .*/gm)).toEqual([
    `ctmgr: cannot look for build results in ${folder}: ENOENT: no such file or directory`,
  ]);
  expect((await states()).flat()).not.toContain('failure');
  await output(['mv', `${folder}.away`, folder]);

  const report = `${folder}/0.json`;
  // The first page of a process is never mapped: to read that file is an input/output error for everybody.
  await output(['mount', '--bind', '/proc/1/mem', report]);
  try {
    const poll = await site.ctmgr(['poll']);
    expect(poll.stderr).toMatch(new RegExp(`^ctmgr: cannot read the build result ${report}: EIO`, 'm'));
    expect(await states()).toEqual([
      ['app', expect.stringMatching(/^(queued|building)$/)],
      ['tool', 'success'],
    ]);
  } finally {
    await output(['umount', report]);
  }
  await required(site.ctmgr(['poll', '--wait']));
  expect(await states()).toEqual([
    ['app', 'success'],
    ['tool', 'success'],
  ]);
});
