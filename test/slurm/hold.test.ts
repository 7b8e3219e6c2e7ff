import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { exec, output, required } from './support/cluster.ts';
import { expectConsistent } from './support/expect-consistent.ts';
import { killAtCall } from './support/kill-at-call.ts';
import { busybox, makeSite, type Site } from './support/site.ts';

let site: Site;
const names = ['one', 'two', 'three', 'four'];

beforeAll(async () => {
  site = await makeSite();
  for (const name of names) await required(site.import(name, `FROM ${busybox}\nRUN echo ${name} >/name\n`));
  await required(site.ctmgr(['rebuild', '--wait']));
});

afterAll(async () => {
  await site.remove();
});

/** The tag that each name means, as a user sees it. */
async function meanings(): Promise<string[]> {
  const { stdout } = await required(site.ctmgr(['list', '--json'], { user: 'alice' }));
  return (JSON.parse(stdout) as { tag: string }[]).map(({ tag }) => tag);
}

it('a held tag can be tried, and goes live as one although publish is killed in the middle', async () => {
  const [old = ''] = await meanings();
  const { stdout } = await required(site.ctmgr(['rebuild', '--hold', '--wait']));
  const [, tag = ''] = /Next: ctmgr publish (\S+)/.exec(stdout) ?? [];
  expect(await meanings()).toEqual(names.map(() => old));
  const tried = ['srun', `--container=one:${tag}`, 'cat', '/name'];
  expect(await exec(tried, { user: 'alice', env: site.env })).toMatchObject({ code: 0, stdout: 'one\n' });
  // When the link of the first name leads to the new image already, and that of the second one is about to be moved to its place.
  expect(await killAtCall(site, 'rename', 2, ['publish', tag])).toMatchObject({ code: 137 });
  const links = await output(['readlink', ...names.map((name) => `${site.share}/current/${name}.sif`)]);
  expect(links.split('\n').filter((link) => link.includes(tag))).toHaveLength(1);
  expect(await meanings()).toEqual(names.map(() => old));
  expect(await site.ctmgr(['poll'])).toMatchObject({ code: 0 });
  expect(await meanings()).toEqual(names.map(() => tag));
  expect(await output(['readlink', ...names.map((name) => `${site.share}/current/${name}.sif`)])).toBe(
    names.map((name) => `../builds/${tag}/${name}.sif`).join('\n'),
  );
  const { stdout: history } = await required(site.ctmgr(['history', 'one']));
  expect([...history.matchAll(/ (publish|hold|build) \d\S+/g)].map(([, what]) => what)).toEqual([
    'publish',
    'hold',
    'build',
    'build',
  ]);
  // The link that was about to be moved to its place when the process was killed.
  await expectConsistent(site, /^current\/\.[a-z]+\.sif\.[0-9a-f]{12}$/);
});
