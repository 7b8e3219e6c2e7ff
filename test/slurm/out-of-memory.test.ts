import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { fault, heal, output, required } from './support/cluster.ts';
import { arraysOf } from './support/jobs.ts';
import { type MemoryLimit, memoryLimits, removeGroups } from './support/memory-limits.ts';
import { busybox, makeSite, type Site } from './support/site.ts';

const classOf = (memory: string, larger?: string): string =>
  `memory = "${memory}"\nextra_arguments = ["--nodelist=b1"]\n${larger === undefined ? '' : `larger = "${larger}"\n`}`;

const classes = `
[classes.small]
${classOf('60M', 'medium')}
[classes.medium]
${classOf('250M', 'large')}
[classes.large]
${classOf('2000M')}`;

/** Holds so many MiB, a power of two, and half as much for a moment before; then it waits until somebody has noticed. */
const greedy = (mebibytes: number): string => `FROM ${busybox}
RUN awk 'BEGIN { s = "x"; for (i = 0; i < ${20 + Math.log2(mebibytes)}; i++) s = s s; system("sleep 1.5"); print length(s) }'
`;

const keep = 'mkdir /run/slurm-before && cp -p /etc/slurm/slurm.conf /etc/slurm/cgroup.conf /run/slurm-before';
const restore = 'cp -p /run/slurm-before/* /etc/slurm && rm -r /run/slurm-before';

async function setLimit(limit: MemoryLimit): Promise<void> {
  await output(['bash', '-ec', `${keep}\n${limit.configure}`]);
  await fault('node:b1');
  await heal('node:b1');
}

async function noLimit(): Promise<void> {
  await fault('node:b1');
  await removeGroups('b1');
  await output(['sh', '-ec', restore]);
  await heal('node:b1');
}

describe.each(await memoryLimits())('where $title', (limit) => {
  let site: Site;

  beforeEach(async () => {
    await setLimit(limit);
    site = await makeSite({ tables: classes });
  });

  afterEach(async () => {
    await noLimit();
    await site.remove();
  });

  it('builds what ran out of memory once more in the next larger class, and not a third time', async () => {
    for (const [name, mebibytes] of Object.entries({ some: 64, much: 256 }))
      await required(site.import(name, greedy(mebibytes), {}, ['--class', 'small']));
    const { code, stdout, stderr } = await site.ctmgr(['rebuild', '--wait']);
    expect(stderr).toMatch(/some: building -> \w+ \(attempt 2 after oom: out of memory on b1\)/);
    expect(stdout).toMatch(/2 images: 1 success, 1 failure.*\n\nmuch: failure \(oom\): out of memory on b1\n/);
    expect(code).toBe(1);
    const images = await site.json<object[]>(['status']);
    expect(images).toMatchObject([
      { name: 'much', status: 'failure', kind: 'oom', attempt: 2, class: 'medium' },
      { name: 'some', status: 'success', kind: null, attempt: 2, class: 'medium' },
    ]);
    // One line for each attempt; whether both second ones are in one array depends on when the first ones end.
    const states = await output(['sacct', '-nXP', '-j', (await arraysOf(site)).join(','), '-o', 'State']);
    expect(states.split('\n').sort()).toEqual([limit.state, limit.state, limit.state, 'COMPLETED'].sort());
  });
});
