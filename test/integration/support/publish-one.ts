import { makeBuildSite } from '../../../lib/builds/build-site.ts';
import { publish } from '../../../lib/builds/publish.ts';
import { readResult } from '../../../lib/builds/result-file.ts';
import { resultFile } from '../../../lib/builds/tag-folders.ts';
import { loadConfig } from '../../../lib/config/load-config.ts';
import { pathsOf } from '../../../lib/config/paths.ts';
import { unfinishedInstances } from '../../../lib/store/instances.ts';
import { openStore } from '../../../lib/store/open.ts';

/** A process of its own for the tests: `publish-one.ts CONFIG` publishes every good result and prints what became of each. */
const { config } = loadConfig(process.argv[2]);
const paths = pathsOf(config);
const store = await openStore(paths.database);
const site = makeBuildSite(store, config, paths, String(process.pid));
for (const instance of await unfinishedInstances(store)) {
  const result = await readResult(resultFile(paths, instance));
  if (result?.outcome !== 'success') continue;
  const publication = await publish(site, instance, result);
  process.stdout.write(typeof publication === 'string' ? `${publication}\n` : `${publication.wrong}\n`);
}
await store.destroy();
