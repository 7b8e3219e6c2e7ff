import { lstatSync, readlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { awaitBases, isAwaitingBases } from '../../lib/builds/await-bases.ts';
import { retireName } from '../../lib/builds/choose-current.ts';
import { describeChange } from '../../lib/builds/find-changes.ts';
import { linkBases } from '../../lib/builds/link-bases.ts';
import { planInputs } from '../../lib/builds/plan-inputs.ts';
import { planRebuild } from '../../lib/builds/plan-rebuild.ts';
import { publish } from '../../lib/builds/publish.ts';
import { recordRebuild } from '../../lib/builds/record-rebuild.ts';
import { addOverlay } from '../../lib/definitions/change-overlays.ts';
import { importRecipe, type ImportOutcome } from '../../lib/definitions/import-recipe.ts';
import { dependantsOf } from '../../lib/definitions/own-images.ts';
import { renderRecipe } from '../../lib/definitions/render-recipe.ts';
import { renderVersion } from '../../lib/definitions/render-version.ts';
import { updateBaseImage } from '../../lib/store/base-images.ts';
import { arraysOfTag, type BuildArray } from '../../lib/store/build-arrays.ts';
import { setCurrentImage } from '../../lib/store/current-images.ts';
import { changeInstance, type Instance, instancesOfTag } from '../../lib/store/instances.ts';
import { apptainersOfClasses } from '../../lib/store/node-apptainer.ts';
import { findCurrentRecipe, listCurrentRecipes } from '../../lib/store/recipes.ts';
import { buildImage, makeTestSite, named, type TestSite } from './support/test-site.ts';

let site: TestSite;
/** Set where all base images are named by their digest, for which no registry is asked. */
let ask: AbortSignal | undefined;

beforeEach(async () => {
  site = await makeTestSite();
  ask = undefined;
});

afterEach(async () => {
  await site.remove();
});

function add(name: string, text: string, group?: string | null): Promise<ImportOutcome> {
  const dockerfile = join(site.folder, `${name}.Dockerfile`);
  writeFileSync(dockerfile, text);
  const unset = { context: undefined, baseName: undefined, class: undefined, message: undefined };
  return importRecipe(site.store, site.paths.contexts, { dockerfile, name, buildArgs: {}, group, ...unset }, 'admin1');
}

async function render(name: string): Promise<string> {
  const recipe = await findCurrentRecipe(site.store, name);
  if (recipe === undefined) throw new Error(name);
  return (await renderRecipe(site.store, recipe, site.config)).definition;
}

/** Records a rebuild of some recipes; nothing is submitted. */
async function rebuild(...names: string[]): Promise<{ arrays: BuildArray[]; instances: Instance[] }> {
  const rendered = [];
  for (const recipe of await listCurrentRecipes(site.store)) {
    if (names.includes(recipe.recipe.name)) rendered.push(await renderRecipe(site.store, recipe, site.config));
  }
  const { recipes, bases } = await planInputs(site, rendered, { ask });
  const apptainers = await apptainersOfClasses(site.store);
  const tag = await recordRebuild(site, planRebuild(recipes, 'default', 1001, new Map(), bases, apptainers));
  return { arrays: await arraysOfTag(site.store, tag.id), instances: await instancesOfTag(site.store, tag.id) };
}

/** What `--changed` says of some recipes; no registry is asked. */
async function changes(...names: string[]): Promise<string[]> {
  const rendered = [];
  for (const name of names) rendered.push(await renderVersion(site.store, name, undefined, site.config));
  const { selection } = await planInputs(site, rendered, { changed: true, ask });
  return (selection?.changed ?? []).flatMap((image) =>
    image.changes.map((one) => `${image.name}: ${describeChange(one)}`),
  );
}

async function finish({ id, recipe_id, status, name, tag }: Instance): Promise<void> {
  const file = join(site.paths.builds, tag, `${name}.sif`);
  await changeInstance(site.store, id, status, { status: 'success', file, size: 1, sha256: 'a'.repeat(64) });
  await setCurrentImage(site.store, recipe_id, id, 'tester', 1);
}

const mpi = 'FROM debian:12\nENV MPI=/opt/mpi\nWORKDIR /work\nUSER builder\nSHELL ["/bin/bash", "-c"]\n';

describe('import of what is based on an image of ours', () => {
  test('takes environment, folder, user and shell from the newest version of that', async () => {
    await add('mpi', mpi);
    expect(await add('app', 'FROM ctmgr:mpi\nENV LIB=$MPI/lib\nRUN make\n')).toMatchObject({
      base: 'ctmgr:mpi',
      warnings: [{ code: 'user-at-run-time' }],
    });
    const definition = await render('app');
    expect(definition).toContain(`Bootstrap: localimage\nFrom: ${site.paths.current}/mpi.sif\n`);
    expect(definition).toContain('LIB="/opt/mpi/lib"');
    expect(definition).toMatch(/builder.*\/work.*\/bin\/bash/s);
    expect(await add('app', 'FROM ctmgr:mpi\nENV LIB=$MPI/lib\nRUN make\n')).toMatchObject({ isNew: false });
    await add('mpi', mpi.replace('/opt/mpi', '/opt/mpi-5'));
    expect(await add('app', 'FROM ctmgr:mpi\nENV LIB=$MPI/lib\nRUN make\n')).toMatchObject({ version: 2, isNew: true });
    expect(await render('app')).toContain('LIB="/opt/mpi-5/lib"');
  });

  test('is refused if there is no such image, also in COPY --from', async () => {
    const error = { code: 'inputMissing', why: 'no recipe is called none' };
    await expect(add('app', 'FROM ctmgr:none\n')).rejects.toMatchObject(error);
    await expect(add('app', 'FROM debian:12\nRUN true\nCOPY --from=ctmgr:none /a /b\n')).rejects.toMatchObject({
      ...error,
      message: 'Dockerfile line 3: there is no image ctmgr:none',
    });
    expect(await listCurrentRecipes(site.store)).toEqual([]);
  });

  test('is not said by a definition file: the refusal tells how else', async () => {
    await expect(add('app', '# mine\n\nBootstrap: localimage\nFrom: mpi.sif\n%post\n  true\n')).rejects.toMatchObject({
      code: 'badDefinition',
      message: expect.stringMatching(/app\.Dockerfile is an Apptainer definition file$/),
      hint: expect.stringContaining('FROM ctmgr:NAME'),
    });
    expect(await listCurrentRecipes(site.store)).toEqual([]);
  });

  test('is refused if it would be based on itself, at once or through a later version of its base', async () => {
    await expect(add('app', 'FROM ctmgr:app\n')).rejects.toMatchObject({ code: 'inputMissing' });
    await add('mpi', mpi);
    await expect(add('mpi', 'FROM ctmgr:mpi\n')).rejects.toMatchObject({ code: 'badDefinition' });
    await add('app', 'FROM ctmgr:mpi\n');
    await add('tool', 'FROM debian:12\nRUN true\nCOPY --from=ctmgr:app /a /b\n');
    await expect(
      add('mpi', 'FROM debian:12 AS a\nRUN true\nFROM ctmgr:tool\nCOPY --from=a /a /b\n'),
    ).rejects.toMatchObject({
      code: 'badDefinition',
      why: 'mpi is based on tool is based on app is based on mpi',
    });
    // Only what the newest versions need counts.
    await add('tool', 'FROM debian:12\nRUN true\n');
    expect(await add('mpi', 'FROM ctmgr:tool\n')).toMatchObject({ version: 2 });
  });

  test('does not make a private image public, by itself or through its base becoming private', async () => {
    await add('mpi', mpi, 'astro');
    const error = { code: 'notAllowed', hint: '--group astro' };
    await expect(add('app', 'FROM ctmgr:mpi\n')).rejects.toMatchObject(error);
    await expect(add('app', 'FROM ctmgr:mpi\n', 'bio')).rejects.toMatchObject(error);
    await add('app', 'FROM ctmgr:mpi\n', 'astro');
    expect(await render('app')).toContain(`From: ${site.paths.private}/astro/current/mpi.sif\n`);
    await expect(add('app', 'FROM ctmgr:mpi\n', null)).rejects.toMatchObject(error);
    await add('mpi', mpi, null);
    await add('app', 'FROM ctmgr:mpi\n', null);
    await expect(add('mpi', mpi, 'astro')).rejects.toMatchObject({
      code: 'notAllowed',
      why: 'app is based on it, and is for everybody',
    });
  });

  test('an overlay that the base has is not run again; selectors see distribution and package manager of the base', async () => {
    await add('mpi', mpi);
    await add('app', 'FROM ctmgr:mpi\nRUN true\n');
    const step = { message: null, commands: ['true'] };
    await addOverlay(site.store, { name: 'all', selector: { kind: 'all', value: '' }, ...step }, 'admin1');
    await addOverlay(site.store, { name: 'apps', selector: { kind: 'recipe', value: 'app*' }, ...step }, 'admin1');
    const overlays = async (name: string): Promise<string[]> => {
      const recipe = await findCurrentRecipe(site.store, name);
      if (recipe === undefined) throw new Error(name);
      return (await renderRecipe(site.store, recipe, site.config)).overlays.map((overlay) => overlay.name);
    };
    expect([await overlays('mpi'), await overlays('app')]).toEqual([['all'], ['apps']]);
    await addOverlay(
      site.store,
      { name: 'rhel', selector: { kind: 'distribution', value: 'rhel' }, ...step },
      'admin1',
    );
    await addOverlay(
      site.store,
      { name: 'deb', selector: { kind: 'package-manager', value: 'apt' }, ...step },
      'admin1',
    );
    expect([await overlays('mpi'), await overlays('app')]).toEqual([['all', 'deb'], ['apps']]);
    const base = (await findCurrentRecipe(site.store, 'app'))?.base;
    await updateBaseImage(site.store, base?.id ?? 0, { distribution: 'rhel' });
    expect(await overlays('app')).toEqual(['apps', 'rhel']);
  });
});

describe('a rebuild', () => {
  beforeEach(async () => {
    await add('mpi', mpi);
    for (const name of ['app-1', 'app-2']) await add(name, 'FROM ctmgr:mpi\nRUN true\n');
    await add('plain', 'FROM debian:12\nRUN true\n');
  });

  test('keeps what is built from others waiting until those are good, and gives it them', async () => {
    const { arrays, instances } = await rebuild('mpi', 'app-1', 'app-2', 'plain');
    const [first, second] = arrays as [BuildArray, BuildArray];
    expect(arrays).toHaveLength(2);
    expect(await awaitBases(site, first)).toBeUndefined();
    expect(await awaitBases(site, second)).toEqual({ kind: 'waits', message: 'class default: 2 images after mpi' });
    expect(await isAwaitingBases(site.store, second.id)).toBe(true);
    await finish(named(instances, 'mpi'));
    expect(await isAwaitingBases(site.store, second.id)).toBe(false);
    expect(await awaitBases(site, second)).toBeUndefined();
    const task = join(site.folder, 'task');
    await mkdir(task);
    await linkBases(site.store, named(instances, 'app-1').id, task);
    const { tag } = named(instances, 'mpi');
    expect(readlinkSync(join(task, 'bases/mpi.sif'))).toBe(join(site.paths.builds, tag, 'mpi.sif'));
    await mkdir(join(task, 'plain'));
    await linkBases(site.store, named(instances, 'plain').id, join(task, 'plain'));
    expect(() => lstatSync(join(task, 'plain/bases'))).toThrow('ENOENT');
  });

  test('of what has changed leaves alone what is being built from an image that is being built', async () => {
    const { instances } = await rebuild('mpi', 'app-1');
    const digest = 'sha256:'.padEnd(71, 'a');
    // As it would be with a registry that tells the digest.
    await add('mpi', mpi.replace('debian:12', `debian@${digest}`));
    const changed = async (...names: string[]): Promise<string[]> => {
      const recipes = (await listCurrentRecipes(site.store)).filter(({ recipe }) => names.includes(recipe.name));
      const rendered = [];
      for (const recipe of recipes) rendered.push(await renderRecipe(site.store, recipe, site.config));
      const { selection } = await planInputs(site, rendered, { changed: true });
      return (selection?.changed ?? []).map(({ name }) => name);
    };
    expect(await changed('app-1')).toEqual([]);
    expect(await changed('mpi', 'app-1')).toEqual(['mpi', 'app-1']);
    await finish(named(instances, 'mpi'));
    expect(await changed('app-1')).toEqual([]);
  });

  test('has the version of Apptainer in the input hash, as the build reported it', async () => {
    const exact = `FROM debian@sha256:${'a'.repeat(64)}\nRUN true\n`;
    for (const name of ['mpi', 'plain']) await add(name, exact);
    ask = new AbortController().signal;
    const { instances } = await rebuild('mpi');
    const planned = named(instances, 'mpi');
    const report = async (instance: Instance, apptainer: string): Promise<void> => {
      expect(await publish(site, instance, { ...buildImage(site, instance), apptainer })).toBe('published');
    };
    await report(planned, '1.4.0');
    const sealed = named(await instancesOfTag(site.store, planned.build_tag_id), 'mpi').input_hash;
    expect(sealed).not.toBe(planned.input_hash);
    expect(await changes('mpi')).toEqual([]);
    // From now on it is known before the build.
    const again = named((await rebuild('mpi')).instances, 'mpi');
    await report(again, '1.4.0');
    expect(again.input_hash).toBe(sealed);
    expect(named(await instancesOfTag(site.store, again.build_tag_id), 'mpi').input_hash).toBe(sealed);
    const plain = named((await rebuild('plain')).instances, 'plain');
    await report(plain, '1.4.1');
    expect(await changes('mpi')).toEqual(['mpi: Apptainer 1.4.0 -> 1.4.1']);
  });

  test.each([
    ['failure', 'build', 'failure', 'its base mpi:TAG has no image (failure, build)'],
    ['cancelled', null, 'cancelled', 'its base mpi:TAG has no image (cancelled)'],
  ] as const)('ends what is built from others without a job after their %s', async (status, kind, end, message) => {
    const { arrays, instances } = await rebuild('mpi', 'app-1', 'app-2');
    const base = named(instances, 'mpi');
    await changeInstance(site.store, base.id, 'pending', { status, failure_kind: kind });
    const [, waiting] = arrays as [BuildArray, BuildArray];
    expect(await awaitBases(site, waiting)).toEqual({
      kind: 'refused',
      message: '2 images not built: base mpi has no image',
    });
    const after = await instancesOfTag(site.store, base.build_tag_id);
    for (const name of ['app-1', 'app-2']) {
      expect(named(after, name)).toMatchObject({ status: end, message: message.replace('TAG', base.tag) });
    }
    expect((await arraysOfTag(site.store, base.build_tag_id)).map(({ state }) => state)).toEqual([
      'planned',
      'refused',
    ]);
  });

  test('takes the current image of what it does not build, and refuses what has none', async () => {
    await expect(rebuild('app-1')).rejects.toMatchObject({
      code: 'inputMissing',
      message: 'app-1 is not built: its base mpi has no image yet',
    });
    const { instances } = await rebuild('mpi');
    await finish(named(instances, 'mpi'));
    const { arrays } = await rebuild('app-1');
    expect(await awaitBases(site, arrays[0] as BuildArray)).toBeUndefined();
  });

  test('builds nothing in vain where a base is retired, and says so', async () => {
    await add('leaf', 'FROM ctmgr:app-1\nRUN true\n');
    const { instances } = await rebuild('mpi', 'app-1', 'leaf');
    for (const instance of instances) await finish(instance);
    const before = await changes('leaf');
    await retireName(site.store, 'mpi', { actor: 'admin1', message: null });
    // What is based on an image that stays as it is has not changed by that.
    expect(await changes('app-1', 'leaf')).toEqual(before);
    await expect(rebuild('app-1')).rejects.toMatchObject({
      message: 'app-1 is not built: its base mpi is retired',
      hint: 'import app-1 with another base image, or mpi again',
    });
    expect((await rebuild('app-1', 'leaf')).instances.map(({ name }) => name)).toEqual(['leaf']);
    await expect(add('new', 'FROM ctmgr:mpi\n')).rejects.toMatchObject({
      code: 'inputMissing',
      message: 'Dockerfile line 1: ctmgr:mpi is retired',
    });
    expect((await dependantsOf(site.store, 'mpi')).map(({ name }) => name)).toEqual(['app-1', 'app-2']);
  });
});
