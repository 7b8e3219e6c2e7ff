import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  existsSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { sql } from 'kysely';
import { rollBack } from '../../lib/builds/choose-current.ts';
import { type GarbagePlan, planGarbage, removeGarbage } from '../../lib/builds/collect-garbage.ts';
import { digestFile } from '../../lib/builds/digest-file.ts';
import { findImage, readCatalogue } from '../../lib/builds/read-catalogue.ts';
import { imageFile, logFiles, resultFile, taskFolder } from '../../lib/builds/tag-folders.ts';
import type { Context } from '../../lib/commands/context.ts';
import { run as gc } from '../../lib/commands/gc.ts';
import { changeInstance, type Instance } from '../../lib/store/instances.ts';
import {
  buildImage,
  importOne,
  makeTestSite,
  named,
  publishNext,
  recordAll,
  type TestSite,
} from './support/test-site.ts';

const author = { actor: 'admin1', message: null };

let site: TestSite;
let builds: Instance[];

/** Four good builds of `app`; only the newest two stay by the rules. scontrol and sacct print files. */
beforeEach(async () => {
  site = await makeTestSite('[gc]\nkeep = 2\ngrace_days = 1\ntasks_days = 1\nlogs_days = 1');
  const bin = join(site.folder, 'bin');
  mkdirSync(bin);
  const script =
    '#!/bin/sh\ncase $2 in jobs) cat "${0%/bin/*}/jobs.txt" ;; batch_script) cat "${0%/bin/*}/script.txt" ;; esac\n';
  writeFileSync(join(bin, 'scontrol'), script, { mode: 0o755 });
  // sacct gets a separator that nobody can guess.
  const sacct =
    '#!/bin/sh\nfor word; do case $word in --delimiter=*) d=${word#*=} ;; esac; done\nsed "s/|/$d/g" "${0%/bin/*}/sacct.txt"\n';
  writeFileSync(join(bin, 'sacct'), sacct, { mode: 0o755 });
  writeFileSync(join(site.folder, 'jobs.txt'), 'No jobs in the system\n');
  writeFileSync(join(site.folder, 'sacct.txt'), '');
  site = { ...site, slurm: { binDir: bin, timeout: 60_000 } };
  await importOne(site, 'app');
  builds = [];
  for (let i = 0; i < 4; i += 1) builds.push(await buildNext());
  await site.store
    .updateTable('container_instance')
    .set({ ended_at: 1_700_000_000, current_until: 1_700_000_000, changed_at: 1_700_000_000 })
    .execute();
});

afterEach(async () => {
  await site.remove();
});

const buildNext = (): Promise<Instance> => publishNext(site, 'app');

const build = (i: number): Instance => builds[i] as Instance;
const file = (i: number): string => imageFile(site.paths, build(i));
const planned = ({ images }: GarbagePlan): string[] => images.remove.map(({ image }) => image.file);
const found = ({ findings }: GarbagePlan): string[] =>
  findings.map(({ kind, path }) => `${kind} ${path.slice(site.folder.length + 1)}`).sort();

function put(path: string, age = 10 * 86_400): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, 'x');
  const then = Date.now() / 1000 - age;
  utimesSync(path, then, then);
  return path;
}

describe('images', () => {
  test('that nobody needs go, and their history says so', async () => {
    const plan = await planGarbage(site);
    expect(planned(plan)).toEqual([file(1), file(0)]);
    expect(found(plan)).toEqual([]);
    for (let i = 0; i < 4; i += 1) expect(existsSync(file(i))).toBe(true);
    const removals = await removeGarbage(site, plan);
    expect(removals.filter(({ problem }) => problem !== undefined)).toEqual([]);
    expect(readdirSync(site.paths.builds)).toEqual([build(2).tag, build(3).tag]);
    const catalogue = await readCatalogue(site.paths);
    const [oldest] = catalogue.images;
    expect(oldest).toMatchObject({
      status: 'success',
      file: null,
      message: expect.stringMatching(/^deleted by gc on 20/),
    });
    expect(() => findImage(catalogue, `app:${build(0).tag}`)).toThrow(
      expect.objectContaining({ why: expect.stringMatching(/^deleted by gc on/) }),
    );
    await expect(rollBack(site.store, 'app', build(0).tag, author)).rejects.toMatchObject({ code: 'inputMissing' });
    const events = await site.store
      .selectFrom('event')
      .select(['kind', 'subject'])
      .where('kind', 'in', ['gc', 'image.delete'])
      .execute();
    expect(events.map(({ kind }) => kind)).toEqual(['image.delete', 'image.delete', 'gc']);
    expect(planned(await planGarbage(site))).toEqual([]);
  });

  test('that a waiting or running job names stay', async () => {
    writeFileSync(join(site.folder, 'jobs.txt'), `JobId=1 JobState=PENDING BatchFlag=1 Comment=app:${build(0).tag}\n`);
    writeFileSync(join(site.folder, 'script.txt'), `#!/bin/sh\napptainer exec ${file(1)} x\n`);
    expect(planned(await planGarbage(site))).toEqual([]);
    writeFileSync(
      join(site.folder, 'jobs.txt'),
      `JobId=1 JobState=COMPLETED BatchFlag=1 Comment=app:${build(0).tag}\n`,
    );
    expect(planned(await planGarbage(site))).toEqual([file(1), file(0)]);
  });

  test('that a job or a step of it runs in stay, by the accounts of Slurm', async () => {
    const meant = await sql<{ since: number }>`select since from name_meaning order by id`.execute(site.store);
    // Long enough ago that the name has meant it for a while, though the builds of this test took less than a second.
    await sql`drop trigger name_meaning_is_not_changed`.execute(site.store);
    await sql`update name_meaning set since = since - 1000 * (5 - id)`.execute(site.store);
    const submitted = (meant.rows[0]?.since ?? 0) - 4000 + 10;
    writeFileSync(join(site.folder, 'jobs.txt'), 'JobId=7 JobState=RUNNING BatchFlag=0\nJobId=8 JobState=PENDING\n');
    const sacct = (...lines: string[]): void =>
      writeFileSync(join(site.folder, 'sacct.txt'), lines.map((line) => `${line}\n`).join(''));
    sacct('7|alice|RUNNING|5|5|Unknown||salloc', `7.0||RUNNING|5|5|Unknown||srun apptainer exec ${file(1)} x`);
    expect(planned(await planGarbage(site))).toEqual([file(0)]);
    sacct('7|alice|RUNNING|5|5|Unknown||salloc', `7.0||COMPLETED|5|5|9||srun apptainer exec ${file(1)} x`);
    expect(planned(await planGarbage(site))).toEqual([file(1), file(0)]);
    sacct(`8|alice|PENDING|${submitted}|Unknown|Unknown|app|sbatch x`);
    expect(planned(await planGarbage(site))).toEqual([file(1)]);
    // Before anything is known of the name: all that were there may be meant.
    sacct('8|alice|PENDING|1700000001|Unknown|Unknown|app|sbatch x');
    expect(planned(await planGarbage(site))).toEqual([]);
    rmSync(join(site.folder, 'sacct.txt'));
    await expect(planGarbage(site)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('all stay while Slurm cannot say what jobs name', async () => {
    rmSync(join(site.folder, 'jobs.txt'));
    await expect(planGarbage(site)).rejects.toMatchObject({ code: 'unavailable' });
    writeFileSync(join(site.folder, 'jobs.txt'), 'JobId=1 JobState=PENDING BatchFlag=1\n');
    await expect(planGarbage(site)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('that became current after the plan was made stay', async () => {
    const plan = await planGarbage(site);
    await rollBack(site.store, 'app', build(0).tag, author);
    await removeGarbage(site, plan);
    expect([existsSync(file(0)), existsSync(file(1))]).toEqual([true, false]);
    expect([existsSync(`${file(0)}.sha256`), existsSync(dirname(file(1)))]).toEqual([true, false]);
  });

  test('whose deletion was interrupted go the next time', async () => {
    const plan = await planGarbage(site);
    await removeGarbage(site, plan);
    mkdirSync(dirname(file(0)));
    buildImage(site, build(0));
    put(`${file(0)}.sha256`);
    const next = await planGarbage(site);
    const left = `leftover share/builds/${build(0).tag}/app.sif`;
    expect(found(next)).toEqual([left, `${left}.sha256`]);
    await removeGarbage(site, next);
    expect(existsSync(dirname(file(0)))).toBe(false);
  });
});

describe('what is not as it should be', () => {
  test('is reported and never deleted', async () => {
    truncateSync(file(0), 1);
    truncateSync(`${file(2)}.sha256`, 1);
    rmSync(file(3));
    put(join(dirname(file(1)), 'mine.sif'));
    put(join(dirname(file(1)), 'notes'));
    put(join(site.paths.builds, 'own', 'app.sif'));
    symlinkSync(site.folder, join(site.paths.builds, '2026-01-01.9'));
    put(join(site.paths.tasks, 'other', 'x'));
    const plan = await planGarbage(site);
    const strange = [
      `damaged share/builds/${build(0).tag}/app.sif`,
      'foreign share/builds/2026-01-01.9',
      `foreign share/builds/${build(1).tag}/mine.sif`,
      `foreign share/builds/${build(1).tag}/notes`,
      `damaged share/builds/${build(2).tag}/app.sif.sha256`,
      'foreign share/builds/own',
      'foreign share/tasks/other',
      `missing share/builds/${build(3).tag}/app.sif`,
    ];
    expect(found(plan)).toEqual(strange.sort());
    expect(planned(plan)).toEqual([file(1)]);
    await removeGarbage(site, plan);
    expect(found(await planGarbage(site))).toEqual(strange);
  });
});

describe('what killed processes have left', () => {
  const hex = 'a1b2c3d4e5f6';

  test('goes when it is old and nobody can be writing it', async () => {
    const old = [
      join(site.paths.share, `.catalog.json.${hex}`),
      join(site.paths.builds, build(3).tag, '.app.sif.Xy12ab'),
      join(site.paths.builds, build(3).tag, `.app.sif.sha256.${hex}`),
      join(site.paths.contexts, `.${hex}.tar`),
    ];
    for (const path of old) put(path);
    const link = join(site.paths.current, `.app.sif.${hex}`);
    symlinkSync('nowhere', link);
    lutimesSync(link, 1, 1);
    const young = put(join(site.paths.share, '.catalog.json.ffffffffffff'), 10);
    const underway = named((await recordAll(site)).instances, 'app');
    const written = put(join(site.paths.builds, underway.tag, '.app.sif.Xy12ab'));
    const plan = await planGarbage(site);
    expect(plan.findings.map(({ kind, path }) => `${kind} ${path}`).sort()).toEqual(
      [...old, link].map((path) => `temporary ${path}`).sort(),
    );
    await removeGarbage(site, plan);
    for (const path of [...old, link]) expect([path, existsSync(path)]).toEqual([path, false]);
    expect([existsSync(young), existsSync(written)]).toEqual([true, true]);
  });

  test('and folders of builds that ended long ago, and logs of those without an image', async () => {
    const failed = named((await recordAll(site)).instances, 'app');
    const end = { status: 'failure', failure_kind: 'build', changed_at: 1_700_000_000 } as const;
    await changeInstance(site.store, failed.id, 'pending', end);
    const recent = named((await recordAll(site)).instances, 'app');
    const gone = [
      taskFolder(site.paths, failed),
      dirname(resultFile(site.paths, failed)),
      logFiles(site.paths, failed).err,
    ];
    const kept = [taskFolder(site.paths, recent), logFiles(site.paths, build(3)).out, logFiles(site.paths, recent).out];
    for (const path of [...gone, ...kept])
      put(path === logFiles(site.paths, failed).err || path.endsWith('.log') ? path : join(path, 'x'));
    await removeGarbage(site, await planGarbage(site));
    for (const path of gone) expect([path, existsSync(path)]).toEqual([path, false]);
    for (const path of kept) expect([path, existsSync(path)]).toEqual([path, true]);
  });
});

describe('a share that is not mounted', () => {
  test('loses nothing, whatever had been planned', async () => {
    const plan = await planGarbage(site);
    rmSync(site.paths.marker);
    for (const attempt of [planGarbage(site), removeGarbage(site, plan)]) {
      await expect(attempt).rejects.toMatchObject({ code: 'unavailable', hint: expect.stringMatching(/^mount /) });
    }
    const rows = await site.store.selectFrom('container_instance').select('removed_at').execute();
    expect(rows.every(({ removed_at }) => removed_at === null)).toBe(true);
  });
});

test('what could not be deleted is not told as deleted', async () => {
  const stuck = digestFile(file(0));
  rmSync(stuck);
  mkdirSync(stuck);
  const said: string[] = [];
  const terminal = { say: (line: string) => said.push(line) } as unknown as Context['terminal'];
  const config = { ...site.config, slurm: { ...site.config.slurm, bin_dir: site.slurm.binDir } };
  const context = { config, paths: site.paths, store: async () => site.store, caller: { name: 'root' }, terminal };
  const answer = await gc({ delete: true }, context as unknown as Context);
  expect(answer.exitCode).toBe(75);
  expect(said.join('\n')).toMatch(/^Deleted: 1 image \(\d+ B\).*\.\nNot deleted: 1; the list says why\.\n/);
  expect(existsSync(file(0))).toBe(true);
  expect(existsSync(file(1))).toBe(false);
});
