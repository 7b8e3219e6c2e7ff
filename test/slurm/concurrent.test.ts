import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Ended, type Place } from './support/cluster.ts';
import { expectConsistent, readInstances } from './support/expect-consistent.ts';
import { startReader } from './support/inside.ts';
import { busybox, makeSite, type Site, slowDockerfile } from './support/site.ts';

let site: Site;

beforeAll(async () => {
  site = await makeSite();
  for (const name of ['one', 'two']) expect(await site.import(name, slowDockerfile(0))).toMatchObject({ code: 0 });
});

afterAll(() => site.remove());

describe('import, rebuild and poll at once', () => {
  it('all work, round after round, and nobody hears of a lock', async () => {
    const reader = await startReader(site);
    const admin: Place = { user: 'admin1' };
    const ended: [words: string, end: Ended][] = [];
    const run = async (words: string[], place: Place = {}): Promise<void> => {
      ended.push([words.join(' '), await site.ctmgr(words, place)]);
    };
    for (let round = 1; round <= 3; round += 1) {
      await site.write(`${site.inputs}/Dockerfile`, `FROM ${busybox}\nRUN echo ${round} >/etc/round\n`);
      // The last one twice: both see a new name, and one version comes of it.
      const imports = ['one', `new-${round}`, `new-${round}`].map((name) =>
        run(['import', `${site.inputs}/Dockerfile`, '--name', name], admin),
      );
      const overlay = ['overlay', round === 1 ? 'add' : 'edit', 'software', '--run', `mkdir -p /usr/local/${round}`];
      await Promise.all([
        ...imports,
        run(overlay, admin),
        run(['rebuild', 'one']),
        run(['rebuild', 'one', 'two', '--wait']),
        run(['poll']),
        run(['poll']),
        run(['status'], { user: 'alice' }),
      ]);
    }
    await run(['poll', '--wait']);
    const { violations } = await reader.stop();
    expect(violations).toEqual([]);
    const wrong = ended.filter(([, { code, stderr }]) => code !== 0 || /\block|SQLITE|is busy/i.test(stderr));
    expect(wrong).toEqual([]);
    const stored = ended.filter(([words, { stdout }]) => words.endsWith('-3') && /^Stored version 1/.test(stdout));
    expect(stored).toHaveLength(1);

    const state = await expectConsistent(site);
    const instances = readInstances(state);
    const tags = [...new Set(instances.map(({ tag }) => tag))];
    // Numbered from 1 on each day, of which there are two at midnight.
    const days = new Set(tags.map((tag) => tag.split('.')[0]));
    const numbers = [...days].flatMap((day) => tags.filter((tag) => tag.startsWith(`${day}.`)).map((_, i) => i + 1));
    expect(tags.map((tag) => Number(tag.split('.')[1]))).toEqual(numbers);
    expect(tags).toHaveLength(6);
    expect(instances).toHaveLength(9);
    expect(instances.filter(({ status }) => status !== 'success')).toEqual([]);
    const listed = await site.json<{ name: string; version: number }[]>(['list', '--all']);
    expect(listed.map(({ name }) => name)).toEqual(['new-1', 'new-2', 'new-3', 'one', 'two']);
    expect(state.rows['recipe_content']).toHaveLength(8);
    expect(state.rows['overlay_content']?.map(({ version }) => version)).toEqual([1, 2, 3]);
  });
});
