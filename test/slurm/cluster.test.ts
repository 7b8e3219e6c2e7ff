import { randomBytes } from 'node:crypto';

import { afterAll, describe, expect, it } from '@jest/globals';

import { ended, exec, fault, heal, output, start } from './support/cluster.ts';
import { busybox } from './support/site.ts';

/**
 * What the other tests rely on, shown once and quickly: that a command in the cluster gets and gives exactly what it should.
 * `test/cluster/smoke` tries the whole interface; the faults of Slurm, nodes and disks have tests of their own.
 */
describe('exec', () => {
  it.each([
    [0, ['true']],
    [42, ['sh', '-c', 'exit 42']],
    [143, ['sh', '-c', 'kill -TERM $$']],
    [127, ['no-such-program']],
  ])('ends with %i as its command does', async (code, words) => {
    for (const node of ['mgmt', 'b1']) expect((await exec(words, { node })).code).toBe(code);
  });

  it('passes arguments and bytes through unchanged', async () => {
    const words = ['a b', '', 'x\ny', '*', '$(id)', '"', "'", '--', '-u', 'ü'];
    for (const node of ['mgmt', 'c1']) {
      expect(await output(['printf', '%s|', ...words], { node, user: 'alice' })).toBe(
        words.map((word) => `${word}|`).join(''),
      );
      const bytes = randomBytes(300_000);
      const child = start(['cat'], { node, user: 'alice' });
      const parts: Buffer[] = [];
      child.stdout?.on('data', (part: Buffer) => parts.push(part));
      child.stdin?.end(bytes);
      expect((await ended(child)).code).toBe(0);
      expect(Buffer.concat(parts).equals(bytes)).toBe(true);
    }
  });

  it('is the user and the node that were asked for', async () => {
    const who = ['sh', '-c', 'echo $(id -un) $(id -Gn) $(hostname) $PWD'];
    expect(await output(who)).toBe('root root mgmt /root');
    expect(await output(who, { user: 'admin1', node: 'b2' })).toBe('admin1 admin1 hpcadm b2 /home/admin1');
    expect((await exec(['true'], { node: 'b9' })).code).toBe(64);
    expect((await exec(['true'], { user: 'nobody-here' })).code).toBe(64);
  });

  it('shares one folder between the nodes and no other', async () => {
    const name = randomBytes(4).toString('hex');
    await output(['touch', `/srv/ctmgr/${name}`, `/scratch/${name}`]);
    await output(['rm', `/srv/ctmgr/${name}`], { node: 'b1' });
    expect((await exec(['ls', `/scratch/${name}`], { node: 'b1' })).code).not.toBe(0);
    await output(['rm', `/scratch/${name}`]);
  });
});

describe('fault and heal', () => {
  afterAll(() => heal('registry'));

  it('take the registry away and bring it back', async () => {
    const inspect = ['skopeo', '--insecure-policy', 'inspect', '--tls-verify=false', `docker://${busybox}`];
    await fault('registry');
    expect((await exec(inspect)).code).not.toBe(0);
    await heal('registry');
    expect((await exec(inspect)).code).toBe(0);
  });

  it('refuse what they do not know', async () => {
    await expect(fault('nonsense')).rejects.toThrow('ended with 64');
    await expect(heal('node:b9')).rejects.toThrow('ended with 64');
  });
});
