import { importRecipe } from '../../../lib/definitions/import-recipe.ts';
import { loadConfig } from '../../../lib/config/load-config.ts';
import { pathsOf } from '../../../lib/config/paths.ts';
import { openStore } from '../../../lib/store/open.ts';

/** import-many.ts DOCKERFILE COUNT CLASS…: imports a Dockerfile under COUNT names into the site of CTMGR_CONFIG, classes in turn. */

const [dockerfile = '', count = '0', ...classes] = process.argv.slice(2);
const paths = pathsOf(loadConfig().config);
const store = await openStore(paths.database);
const unset = { context: undefined, baseName: undefined, message: undefined };
for (let i = 0; i < Number(count); i += 1) {
  const request = { ...unset, dockerfile, name: `app-${i}`, buildArgs: {}, class: classes[i % classes.length] };
  await importRecipe(store, paths.contexts, request, 'perf');
}
await store.destroy();
