import { makeBuildSite } from '../../../lib/builds/build-site.ts';
import { rollBack } from '../../../lib/builds/choose-current.ts';
import { showNames } from '../../../lib/builds/show-names.ts';
import { writeCatalogue } from '../../../lib/builds/write-catalogue.ts';
import { loadConfig } from '../../../lib/config/load-config.ts';
import { pathsOf } from '../../../lib/config/paths.ts';
import { openStore } from '../../../lib/store/open.ts';

/**
 * Runs in the cluster as root: `flip-name.ts CONFIG COUNT NAME TAG TAG` lets the name mean one tag and the other in turn, as that
 * many calls of `ctmgr rollback` do, and prints how often it has.
 */

const [config = '', count = '', name = '', ...tags] = process.argv.slice(2);
const loaded = loadConfig(config).config;
const paths = pathsOf(loaded);
const store = await openStore(paths.database);
const site = makeBuildSite(store, loaded, paths, 'flipper');
let flips = 0;
while (flips < Number(count)) {
  await rollBack(store, name, tags[flips % tags.length], { actor: 'flipper', message: null });
  const { problems } = await showNames(site);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  flips += 1;
  // The catalogue may be late, and takes longer than the flip itself.
  if (flips % 5 === 0) await writeCatalogue(store, paths);
}
await store.destroy();
process.stdout.write(String(flips));
