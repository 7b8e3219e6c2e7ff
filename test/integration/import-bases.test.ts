import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importRecipe, type ImportOutcome, type ImportRequest } from '../../lib/definitions/import-recipe.ts';
import { renderRecipe } from '../../lib/definitions/render-recipe.ts';
import { loadBaseConfigs } from '../../lib/store/recipe-rows.ts';
import { listCurrentRecipes } from '../../lib/store/recipes.ts';
import { type RegistryServer, startRegistry } from './support/registry-server.ts';
import { makeTestSite, type TestSite } from './support/test-site.ts';

let registry: RegistryServer;
let site: TestSite;
let base: string;

beforeEach(async () => {
  registry = await startRegistry();
  base = `${registry.host}/base:1`;
  site = await makeTestSite();
});

afterEach(async () => {
  await site.remove();
  await registry.close();
});

async function importText(text: string, more: Partial<ImportRequest> = {}): Promise<ImportOutcome> {
  const dockerfile = join(site.folder, 'Dockerfile');
  writeFileSync(dockerfile, text);
  const registries = { insecure: [], timeout: 10_000 };
  const unset = { context: undefined, baseName: undefined, class: undefined, message: undefined };
  const request = { dockerfile, name: 'app', buildArgs: {}, ...unset, registries, ...more };
  return importRecipe(site.store, site.paths.contexts, request, 'tester');
}

async function newest() {
  const [recipe] = await listCurrentRecipes(site.store);
  if (recipe === undefined) throw new Error('there is no recipe');
  const { definition, plan } = await renderRecipe(site.store, recipe, site.config);
  return { definition, plan, content: recipe.content, bases: await loadBaseConfigs(site.store, recipe.content.id) };
}

describe('what the base image sets', () => {
  test('holds for the stages on it, and is stored with the version', async () => {
    const digest = registry.putImage('base', '1', {
      Env: ['APP=/opt/app', 'PATH=/opt/bin:/bin'],
      WorkingDir: '/srv/w',
      User: '12:13',
      Shell: ['/bin/ash', '-eu', '-c'],
      OnBuild: ['RUN triggered', 'WORKDIR sub'],
    });
    const text = `FROM ${base} AS one\nRUN a $APP\nFROM one AS two\nUSER 0\nWORKDIR $APP/x\nFROM two\nENV B=$APP/b\nRUN b\n`;
    expect(await importText(text)).toMatchObject({ version: 1, isNew: true, warnings: [], notes: [] });
    const { plan, bases, definition } = await newest();
    const stages = [...(plan.stages ?? []), plan];
    const runs = stages.flatMap(({ steps }) => steps).filter((step) => step.kind === 'run');
    expect(runs.map(({ argv, cwd, user }) => [argv.at(-1), argv[0], cwd, user])).toEqual([
      ['triggered', '/bin/ash', '/srv/w', '12:13'],
      ['a $APP', '/bin/ash', '/srv/w/sub', '12:13'],
      ['b', '/bin/ash', '/opt/app/x', '0'],
    ]);
    expect(plan.environment).toEqual([{ name: 'B', value: '/opt/app/b' }]);
    expect(bases).toEqual([{ reference: base, origin: 'registry', digest, config: expect.stringContaining('/srv/w') }]);
    await registry.close();
    expect((await newest()).definition).toBe(definition);
    registry = await startRegistry();
  });

  test('can bring in other stages, whose images are asked for then', async () => {
    registry.putImage('base', '1', { OnBuild: ['COPY --from=tools /t /t'] });
    registry.putImage('tools', '2', { WorkingDir: '/tools' });
    registry.putImage('unneeded', '3', {});
    const from = (name: string): string => `FROM ${registry.host}/${name}`;
    await importText(`${from('tools:2')} AS tools\nRUN t\n${from('unneeded:3')} AS other\nFROM ${base}\n`);
    const { plan, bases } = await newest();
    expect(plan.stages).toMatchObject([{ name: 'tools', steps: [{ kind: 'run', cwd: '/tools' }] }]);
    expect(bases.map(({ reference }) => reference)).toEqual([base, `${registry.host}/tools:2`]);
    expect(registry.seen.filter(({ path }) => path.includes('unneeded'))).toEqual([]);
  });

  test('is not asked for where a file tells it', async () => {
    const baseConfig = join(site.folder, 'config.json');
    writeFileSync(baseConfig, '{"config":{"WorkingDir":"/from/file"}}');
    await importText(`FROM ${base}\nRUN x\n`, { baseConfig });
    expect(registry.seen).toEqual([]);
    const { plan, bases } = await newest();
    expect(plan.steps).toMatchObject([{ cwd: '/from/file' }]);
    expect(bases).toMatchObject([{ reference: '*', origin: 'file', digest: null }]);
  });
});

describe('the same again', () => {
  test('makes a version only if the base image changes what is built', async () => {
    registry.putImage('base', '1', { WorkingDir: '/a' });
    const text = `FROM ${base}\nRUN x\n`;
    await importText(text);
    registry.seen.length = 0;
    expect(await importText(text)).toMatchObject({ version: 1, isNew: false });
    expect(registry.seen.map(({ method }) => method)).toEqual(['HEAD']);
    registry.putImage('base', '1', { WorkingDir: '/a', Labels: { built: 'today' } });
    expect(await importText(text)).toMatchObject({ version: 1, isNew: false });
    registry.putImage('base', '1', { WorkingDir: '/b' });
    expect(await importText(text)).toMatchObject({ version: 2, isNew: true });
    expect((await newest()).plan.steps).toMatchObject([{ cwd: '/b' }]);
  });

  test('target and platform belong to what is asked for', async () => {
    registry.putImage('base', '1', {});
    const text = `FROM ${base} AS one\nRUN 1\nFROM ${base} AS two\nRUN 2\n`;
    expect(await importText(text)).toMatchObject({ version: 1 });
    expect(await importText(text, { target: 'one' })).toMatchObject({ version: 2, isNew: true });
    expect(await importText(text, { target: 'one' })).toMatchObject({ version: 2, isNew: false });
    expect(await importText(text, { target: 'one', platform: 'arm64', strict: true })).toMatchObject({ version: 3 });
    expect(await importText(text, { target: 'one', platform: 'linux/aarch64' })).toMatchObject({ isNew: false });
    const { content } = await newest();
    expect(content).toMatchObject({ target: 'one', platform: 'linux/arm64', strict: 1, pull_config: 1 });
    await expect(importText(text, { platform: 'windows/amd64' })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('a registry that does not tell', () => {
  const away = (): void => {
    registry.intercept = (_request, response) => {
      response.writeHead(503).end();
      return true;
    };
  };

  test('leaves what the newest version knew, of that platform', async () => {
    registry.putImage('base', '1', { WorkingDir: '/a' });
    await importText(`FROM ${base}\nRUN x\n`);
    away();
    const note = expect.stringMatching(/^line 1: what .* answers 503\); what version 1 knew is taken$/);
    expect(await importText(`FROM ${base}\nRUN x\n`)).toMatchObject({ isNew: false, notes: [note] });
    expect(await importText(`FROM ${base}\nRUN y\n`)).toMatchObject({ version: 2, warnings: [], notes: [note] });
    expect((await newest()).plan.steps).toMatchObject([{ cwd: '/a' }]);
    expect(await importText(`FROM ${base}\nRUN y\n`, { platform: 'linux/s390x' })).toMatchObject({
      version: 3,
      warnings: [{ code: 'base-config-assumed' }],
    });
  });

  test('is told and no reason to refuse, unless the Dockerfile needs it or --strict is given', async () => {
    away();
    const text = `FROM ${base}\nRUN x\n`;
    expect(await importText(text)).toMatchObject({
      isNew: true,
      warnings: [{ code: 'base-config-assumed' }],
      notes: [`line 1: what ${base} sets is not known: the registry cannot be asked for ${base} (it answers 503)`],
    });
    await expect(importText(text, { strict: true })).rejects.toMatchObject({ code: 'unavailable' });
    await expect(importText(`FROM ${base}\nRUN x\nWORKDIR $HERE/x\n`)).rejects.toMatchObject({
      code: 'unavailable',
      message: 'Dockerfile line 3 needs what only its base image can tell',
    });
    await expect(importText(`FROM ${base}\nWORKDIR \${HERE:?}\n`)).rejects.toMatchObject({
      code: 'badDefinition',
      why: expect.stringContaining('answers 503'),
    });
    const unasked = await importText(`FROM ${base}\nWORKDIR $HERE/x\n`, { registries: undefined });
    expect(unasked).toMatchObject({ isNew: true, notes: [] });
    expect((await newest()).content).toMatchObject({ pull_config: 0 });
    registry.intercept = (_request, response) => {
      response.writeHead(403).end();
      return true;
    };
    expect(await importText(text, { buildArgs: { A: '1' } })).toMatchObject({
      notes: [expect.stringContaining('the registry does not let you read')],
    });
  });

  test('is something else than one that has no such image', async () => {
    const missing = importText(`FROM scratch\nFROM ${base} AS b\nRUN x\n`);
    const message = `Dockerfile line 2: the image ${base} does not exist`;
    await expect(missing).rejects.toMatchObject({ code: 'inputMissing', message });
    expect(await listCurrentRecipes(site.store)).toEqual([]);
  });
});
