import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { type Ended, exec, fault, heal, output, required } from './support/cluster.ts';
import { busybox, makeSite, type Site } from './support/site.ts';

let site: Site;

beforeAll(async () => {
  site = await makeSite();
  await required(site.import('one', `FROM ${busybox}\nRUN true\n`));
  await required(site.import('two', 'FROM ctmgr:one\nRUN true\n'));
});

afterAll(async () => {
  await site.remove();
});

interface Check {
  check: string;
  where: string | null;
  state: string;
  detail: string;
  fix: string | null;
}

const checksOf = ({ stdout }: Ended): Check[] => (JSON.parse(stdout) as { checks: Check[] }).checks;
const problems = (ended: Ended): string[] =>
  checksOf(ended)
    .filter(({ state }) => state === 'problem')
    .map(({ check, where, detail }) => `${check} (${where}): ${detail}`)
    .sort();

it('finds nothing wrong with a healthy cluster, for root as for a user', async () => {
  const all = await site.ctmgr(['doctor', '--json', '--all-nodes']);
  expect({ problems: problems(all), code: all.code }).toEqual({ problems: [], code: 0 });
  const checks = checksOf(all);
  for (const node of ['b1', 'b2', 'c1', 'c2', 'c3', 'c4']) {
    expect(checks).toContainEqual(expect.objectContaining({ check: 'apptainer', where: node, state: 'ok' }));
    expect(checks).toContainEqual(expect.objectContaining({ check: 'share', where: node, state: 'ok' }));
  }
  // Not that of images of ours, which have the form of a reference to docker.io.
  expect(checks.filter(({ check }) => check === 'registry')).toEqual([
    expect.objectContaining({ where: '127.0.0.1:5000', state: 'ok' }),
  ]);
  const user = await site.ctmgr(['doctor', '--json'], { user: 'alice' });
  expect({ problems: problems(user), code: user.code }).toEqual({ problems: [], code: 0 });
  expect(checksOf(user)).toContainEqual(expect.objectContaining({ check: 'srun --container', state: 'ok' }));
  expect(await output(['ls', '-A', `${site.share}/results`])).toBe('');
});

it('names what is broken, with a fix for each', async () => {
  const on = (node: string, ...words: string[]): Promise<string> => output(words, { node });
  try {
    await on('b1', 'mount', '--bind', '/dev/null', '/usr/bin/apptainer');
    await on('b2', 'mount', '--bind', '/dev/null', '/etc/subuid');
    await on('c1', 'mount', '-t', 'tmpfs', 'none', site.share);
    await output(['chmod', '777', `${site.share}/builds`]);
    await fault('slurmdbd');
    const ended = await site.ctmgr(['doctor', '--json', '--all-nodes']);
    expect(ended.code).toBe(1);
    expect(problems(ended)).toEqual([
      expect.stringMatching(/^accounting \(null\): sacct .*(refused|Unable|failed)/i),
      'apptainer (b1): is not there',
      expect.stringMatching(/^share \(\/srv\/.*\/builds\): others may write it \(mode 777\)$/),
      expect.stringMatching(/^share \(c1\): (is not there|is not the one that this host sees)$/),
      'subuid (b2): the service account has no range in /etc/subuid',
    ]);
    for (const { state, fix } of checksOf(ended)) expect([state === 'problem', fix === null]).not.toEqual([true, true]);
    const text = await site.ctmgr(['doctor', '--no-jobs']);
    expect(text).toMatchObject({ code: 1, stdout: expect.stringMatching(/^PROBLEM {6}accounting: .*\n {13}Try: /m) });
    expect(text.stdout).not.toContain('b1)');
  } finally {
    await exec(['umount', '/usr/bin/apptainer'], { node: 'b1' });
    await exec(['umount', '/etc/subuid'], { node: 'b2' });
    await exec(['umount', site.share], { node: 'c1' });
    await output(['chmod', '755', `${site.share}/builds`]);
    await heal('slurmdbd');
  }
});

it('says that plain srun would run on the bare host', async () => {
  const bare = ['sh', '-c', 'PATH=/usr/bin:/bin exec /usr/local/bin/ctmgr doctor --json'];
  const plain = await exec(bare, { user: 'alice', env: site.env });
  expect(plain.code).toBe(1);
  expect(problems(plain)).toEqual(['srun --container (null): the srun in PATH runs the command on the bare host']);
});
