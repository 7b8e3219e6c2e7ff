import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type BuildSite, makeBuildSite } from '../../../lib/builds/build-site.ts';
import { planRebuild } from '../../../lib/builds/plan-rebuild.ts';
import { type GoodResult, publish } from '../../../lib/builds/publish.ts';
import { type RecordedTag, recordRebuild } from '../../../lib/builds/record-rebuild.ts';
import { imageFile } from '../../../lib/builds/tag-folders.ts';
import { firstConfigText, writeFirstConfig } from '../../../lib/config/first-config.ts';
import { loadConfig } from '../../../lib/config/load-config.ts';
import { pathsOf } from '../../../lib/config/paths.ts';
import { importRecipe } from '../../../lib/definitions/import-recipe.ts';
import { renderRecipe } from '../../../lib/definitions/render-recipe.ts';
import { type Instance, instancesOfTag } from '../../../lib/store/instances.ts';
import { migrate } from '../../../lib/store/migrate.ts';
import { connect, type Store } from '../../../lib/store/open.ts';
import { listCurrentRecipes } from '../../../lib/store/recipes.ts';
import { currentUserName } from '../../../lib/util/accounts.ts';

/** A whole site in a temporary folder: configuration, database, share. There is no Slurm. */
export interface TestSite extends BuildSite {
  folder: string;
  configFile: string;
  remove(): Promise<void>;
}

export async function makeTestSite(moreConfig = ''): Promise<TestSite> {
  // A blank and a quote: every path has to survive whatever it goes through.
  const folder = mkdtempSync(join(tmpdir(), "ctmgr site's-"));
  const configFile = join(folder, 'config.toml');
  const state = join(folder, 'state');
  mkdirSync(state);
  const first = {
    share: join(folder, 'share'),
    state,
    buildUser: currentUserName(),
    adminGroup: undefined,
    partition: undefined,
  };
  await writeFirstConfig(configFile, firstConfigText(first));
  if (moreConfig !== '') writeFileSync(configFile, `${moreConfig}\n`, { flag: 'a' });
  const { config } = loadConfig(configFile);
  const paths = pathsOf(config);
  for (const path of [paths.share, paths.builds, paths.logs, paths.results, paths.tasks, paths.current])
    mkdirSync(path);
  writeFileSync(paths.marker, '');
  const store = await makeStore(paths.database);
  const site = makeBuildSite(store, config, paths, 'tester');
  return {
    ...site,
    folder,
    configFile,
    remove: async () => {
      await store.destroy();
      rmSync(folder, { recursive: true });
    },
  };
}

let empty: Buffer | undefined;

/** A new database with the newest schema: a copy of one that all migrations have made once. */
export async function makeStore(path: string): Promise<Store> {
  if (empty === undefined) {
    const store = connect(path, true);
    await migrate(store);
    await store.destroy();
    empty = readFileSync(path);
  } else writeFileSync(path, empty);
  return connect(path, false);
}

/** Imports a Dockerfile without a context; its text is the base image and one step that differs by `step`. */
export async function importOne(site: TestSite, name: string, step = 'true', base = 'debian:12'): Promise<number> {
  const dockerfile = join(site.folder, `${name}.Dockerfile`);
  writeFileSync(dockerfile, `FROM ${base}\nRUN ${step}\n`);
  const request = { dockerfile, name, buildArgs: {} };
  const unset = { context: undefined, baseName: undefined, class: undefined, message: undefined };
  return (await importRecipe(site.store, site.paths.contexts, { ...request, ...unset }, 'tester')).version;
}

/** Records a rebuild of all recipes as `ctmgr rebuild` does; nothing is submitted. */
export async function recordAll(site: TestSite): Promise<{ tag: RecordedTag; instances: Instance[] }> {
  const rendered = [];
  for (const recipe of await listCurrentRecipes(site.store)) {
    rendered.push(await renderRecipe(site.store, recipe, site.config));
  }
  const tag = await recordRebuild(site, planRebuild(rendered, 'default', 1001));
  return { tag, instances: await instancesOfTag(site.store, tag.id) };
}

/** Puts an image file where a good build leaves it; returns what such a build reports. */
export function buildImage(site: TestSite, instance: Instance, text = `${instance.name}:${instance.tag}`): GoodResult {
  const file = imageFile(site.paths, instance);
  if (!existsSync(dirname(file))) mkdirSync(dirname(file));
  writeFileSync(file, text, { mode: 0o600 });
  return {
    schema: 1,
    outcome: 'success',
    exit_code: 0,
    message: '',
    node: 'b1',
    job_id: 41,
    index: instance.array_index,
    started: 1_800_000_000,
    ended: 1_800_000_060,
    apptainer: '1.4.0',
    size: Buffer.byteLength(text),
    sha256: 'a'.repeat(64),
  };
}

/** The instance of that name among some. */
export function named(instances: Instance[], name: string): Instance {
  const found = instances.find((instance) => instance.name === name);
  if (found === undefined) throw new Error(`there is no instance ${name}`);
  return found;
}

/** A rebuild of all recipes whose build of this one is good and published. */
export async function publishNext(site: TestSite, name: string): Promise<Instance> {
  const instance = named((await recordAll(site)).instances, name);
  const publication = await publish(site, instance, buildImage(site, instance));
  if (publication !== 'published') throw new Error(`${name} was not published: ${JSON.stringify(publication)}`);
  return instance;
}
