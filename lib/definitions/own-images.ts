import type { Store } from '../store/open.ts';
import { loadBaseConfigs, loadRows } from '../store/recipe-rows.ts';
import { findRecipe, latestContent, listCurrentRecipes, type Recipe, type RecipeContent } from '../store/recipes.ts';
import { CtmgrError } from '../util/errors.ts';
import { configText } from './base-config.ts';
import { imageReferences } from './build-stages.ts';
import type { Stage } from './dockerfile-stage.ts';
import { ownImageName } from './image-reference.ts';
import { type KnownBase, knownConfigs } from './known-base.ts';
import { planDocument } from './plan-document.ts';
import { planFromRows } from './plan-rows.ts';
import type { RecipePlan } from './recipe-plan.ts';
import { neededBases, resolveDockerfile } from './resolve-dockerfile.ts';

/**
 * Refuses a plan of a recipe `name`, whose images are for `group` (null: for everybody), that starts from an image of ours which does not
 * exist or is retired (66), which more people could read through `name` than by itself (77), or which in the end starts from `name` (65), through
 * the newest versions of all recipes between.
 */
export async function checkOwnBases(db: Store, name: string, plan: RecipePlan, group: string | null): Promise<void> {
  const seen = new Set<string>();
  for (const { reference, line } of imageReferences(plan)) {
    const base = ownImageName(reference);
    if (base === undefined) continue;
    if ((await newestVersion(db, base)) === undefined && base !== name) throw missing(base, line);
    const recipe = await findRecipe(db, base);
    if (recipe !== undefined && recipe.retired_at !== null && base !== name) {
      throw new CtmgrError('inputMissing', `Dockerfile line ${line}: ctmgr:${base} is retired`, {
        why: 'it is not built any more, and so nothing is built from it',
        hint: `another base image, or bring it back first: ctmgr import ${recipe.dockerfile_location} --name ${base}`,
      });
    }
    const owner = recipe?.group ?? null;
    if (owner !== null && owner !== group && base !== name) {
      throw new CtmgrError('notAllowed', `Dockerfile line ${line}: ctmgr:${base} is for group ${owner} only`, {
        why: `the images of ${name} are for ${group === null ? 'everybody' : `group ${group}`}, and would hold all of it`,
        hint: `--group ${owner}`,
      });
    }
    const circle = await findCircle(db, name, [name, base], seen);
    if (circle === undefined) continue;
    throw new CtmgrError('badDefinition', `Dockerfile line ${line}: ${name} would be based on itself`, {
      why: circle.join(' is based on '),
      hint: 'give one of them another base image',
    });
  }
}

/** Refuses (77) that images become private on which those of others are based, who could still read them. */
export async function checkDependants(db: Store, name: string, group: string | null): Promise<void> {
  if (group === null) return;
  for (const recipe of await dependantsOf(db, name)) {
    if (recipe.group === group) continue;
    throw new CtmgrError('notAllowed', `${name} cannot be for group ${group} only`, {
      why: `${recipe.name} is based on it, and is for ${recipe.group === null ? 'everybody' : `group ${recipe.group}`}`,
      hint: `import ${recipe.name} with another base image or for the same group first, or: ctmgr retire ${recipe.name}`,
    });
  }
}

/** The recipes that are offered and whose newest version names an image of ours as its base. */
export async function dependantsOf(db: Store, name: string): Promise<Recipe[]> {
  const found: Recipe[] = [];
  for (const { recipe, content } of await listCurrentRecipes(db)) {
    if (recipe.name === name || recipe.retired_at !== null) continue;
    const plan = planFromRows({ rows: await loadRows(db, content.id), imageConfig: content.image_config });
    if (imageReferences(plan).some(({ reference }) => ownImageName(reference) === name)) found.push(recipe);
  }
  return found;
}

async function findCircle(db: Store, name: string, path: string[], seen: Set<string>): Promise<string[] | undefined> {
  const last = path.at(-1) ?? '';
  if (last === name) return path;
  if (seen.has(last)) return undefined;
  seen.add(last);
  const content = await newestVersion(db, last);
  if (content === undefined) return undefined;
  const plan = planFromRows({ rows: await loadRows(db, content.id), imageConfig: content.image_config });
  for (const { reference } of imageReferences(plan)) {
    const base = ownImageName(reference);
    const circle = base === undefined ? undefined : await findCircle(db, name, [...path, base], seen);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/**
 * What an image of ours sets for those that are based on it: the configuration that Docker would give the image of its newest version.
 * Undefined for a ready image, of which nobody has said. Throws `inputMissing` if there is no such recipe; `line` is where the Dockerfile
 * names it.
 */
export async function ownImageConfig(db: Store, name: string, line: number): Promise<KnownBase | undefined> {
  const content = await newestVersion(db, name);
  if (content === undefined) throw missing(name, line);
  if (content.kind === 'image') return undefined;
  const known: KnownBase[] = await loadBaseConfigs(db, content.id);
  const options = {
    buildArgs: JSON.parse(content.build_arguments) as Record<string, string>,
    target: content.target ?? undefined,
    platform: content.platform ?? undefined,
  };
  const asked = new Set<string>();
  for (;;) {
    const needed = neededBases(content.dockerfile, { ...options, baseConfigs: knownConfigs(known) });
    const own = needed.flatMap((base) => ownImageName(base.reference) ?? []).filter((base) => !asked.has(base));
    if (own.length === 0) break;
    for (const base of own) {
      asked.add(base);
      const config = await ownImageConfig(db, base, line);
      if (config !== undefined) known.push(config);
    }
  }
  const resolved = resolveDockerfile(content.dockerfile, { ...options, baseConfigs: knownConfigs(known) });
  const { config } = planDocument(resolved);
  const { shell } = resolved.stages.at(-1) as Stage;
  const keys = (list: string[]) => Object.fromEntries(list.map((key) => [key, {}]));
  const document = {
    Env: Object.entries(config.env).map(([key, value]) => `${key}=${value}`),
    WorkingDir: config.workdir,
    User: config.user,
    Shell: shell,
    Entrypoint: config.entrypoint,
    Cmd: config.cmd,
    Labels: config.labels,
    ExposedPorts: keys(config.exposed),
    Volumes: keys(config.volumes),
    StopSignal: config.stopSignal,
    OnBuild: config.onbuild,
  };
  const text = configText(document, `what recipe ${name} sets`);
  return { reference: `ctmgr:${name}`, origin: 'file', digest: null, config: text };
}

async function newestVersion(db: Store, name: string): Promise<RecipeContent | undefined> {
  const recipe = await findRecipe(db, name);
  return recipe && latestContent(db, recipe.id);
}

function missing(name: string, line: number): CtmgrError {
  return new CtmgrError('inputMissing', `Dockerfile line ${line}: there is no image ctmgr:${name}`, {
    why: `no recipe is called ${name}`,
    hint: `ctmgr import DOCKERFILE --name ${name}, then this one`,
  });
}
