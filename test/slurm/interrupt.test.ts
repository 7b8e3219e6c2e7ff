import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { required, start, until } from './support/cluster.ts';
import { arraysOf, buildsOf } from './support/jobs.ts';
import { busybox, makeSite, type Site, slowDockerfile } from './support/site.ts';
import { type ScriptedSbatch, scriptSbatch } from './support/scripted-sbatch.ts';
import { watch, type Watched } from './support/watch.ts';

const ctrlC = '\u0003';

let slowSbatch: ScriptedSbatch;
let site: Site;

beforeAll(async () => {
  slowSbatch = await scriptSbatch('sleep 2\nexec /usr/bin/sbatch "$@"');
  site = await makeSite({ slurm: slowSbatch.toml });
  await required(site.import('quick', `FROM ${busybox}\nRUN true\n`));
  for (const name of ['one', 'two']) await required(site.import(name, slowDockerfile(8)));
});

afterAll(async () => {
  await site.remove();
  await slowSbatch.remove();
});

/** Starts ctmgr on a pseudo-terminal of script(1); what is written to its standard input is typed. */
function onTerminal(command: string, size: string): Watched {
  const words = ['script', '-qec', `stty ${size}; exec ctmgr ${command}`, '/dev/null'];
  return watch(start(words, { env: { ...site.env, TERM: 'xterm' } }), { keepInput: true });
}

/** Each image of the newest tag was built once. */
async function expectOneBuild(): Promise<void> {
  for (const { name, tag } of await site.status()) expect(await buildsOf(site, name, tag)).toBe(1);
}

/** What stands on the screen in the end, provided that only whole blocks of lines were painted over. */
function screen(output: string): string[] {
  const lines: string[] = [];
  // oxlint-disable-next-line no-control-regex -- that is what is painted with
  for (const part of output.split(/(?=\u001b\[\d+A\u001b\[0J)/)) {
    // oxlint-disable-next-line no-control-regex -- likewise
    const [, up, text = ''] = /^(?:\u001b\[(\d+)A\u001b\[0J)?(.*)$/s.exec(part) ?? [];
    if (up !== undefined) lines.splice(-Number(up));
    lines.push(...text.split('\r\n').slice(0, -1));
  }
  return lines;
}

describe('rebuild --wait', () => {
  it('lets sbatch end its work when Ctrl-C comes meanwhile', async () => {
    const rebuild = onTerminal('rebuild quick --wait', 'cols 100 rows 30');
    await until('sbatch to be called', slowSbatch.called, (called) => called);
    rebuild.child.stdin?.write(ctrlC);
    const { code, stdout } = await rebuild.end;
    expect(code).toBe(130);
    expect(stdout).toMatch(/Interrupted\. The jobs of \S+ go on: \d+\./);
    expect((await site.ctmgr(['poll', '--wait'])).code).toBe(0);
    await expectOneBuild();
    expect(await arraysOf(site)).toHaveLength(1);
  });

  it('shows a live view on a terminal, leaves the jobs running on Ctrl-C, and poll --wait comes back in plain lines', async () => {
    const rebuild = onTerminal('rebuild one two --wait', 'cols 100 rows 30');
    await rebuild.says(/2 images: 2 building/);
    rebuild.child.stdin?.write(ctrlC);
    const { code, stdout } = await rebuild.end;
    expect(code).toBe(130);
    const [job] = (await arraysOf(site)).sort((a, b) => b - a);
    const tag = (await site.status())[0]?.tag;
    const shown = screen(stdout);
    expect(shown.slice(0, 3)).toEqual([
      `Build tag ${tag}: 2 images, submitting`,
      `  job array ${job} (class default): 2 images`,
      expect.stringMatching(/^\[-{30}\] 0\/2 {2}2 images: 2 building/),
    ]);
    const nodes = shown.slice(3, -3);
    expect(nodes.join(' ')).toMatch(/one .*two |two .*one /);
    for (const line of nodes) expect(line).toMatch(/^ {2}(b[12]|starting): (one|two) \d\d:/);
    expect(shown.slice(-3)).toEqual([
      expect.stringMatching(new RegExp(`^(\\^C)?Interrupted\\. The jobs of ${tag} go on: ${job}\\.$`)),
      'Come back with: ctmgr poll --wait',
      `Stop them with: ctmgr cancel ${tag}`,
    ]);

    const poll = await site.ctmgr(['poll', '--wait']);
    expect(poll.code).toBe(0);
    expect(poll.stdout).toMatch(/2 images: 2 success\.\nNext: srun --container=NAME COMMAND\n$/);
    const lines = poll.stderr
      .trimEnd()
      .split('\n')
      .sort((a, b) => a.slice(9).localeCompare(b.slice(9)));
    expect(lines).toEqual(
      ['one', 'two'].map((name) =>
        expect.stringMatching(new RegExp(`^\\d\\d:\\d\\d:\\d\\d ${name}: building -> success$`)),
      ),
    );
    await expectOneBuild();
    expect(await arraysOf(site)).toHaveLength(2);
  });

  it('ends with the last picture and the report, on a terminal of unknown size too', async () => {
    const { end } = onTerminal('rebuild quick --wait', 'cols 0 rows 0');
    const { code, stdout } = await end;
    expect(code).toBe(0);
    expect(screen(stdout).slice(2)).toEqual([
      `[${'#'.repeat(30)}] 1/1  1 image: 1 success`,
      expect.stringMatching(/^Build tag \S+: 1 image: 1 success\.$/),
      'Next: srun --container=NAME COMMAND',
    ]);
  });
});
