import { type BuildSite, makeBuildSite } from '../builds/build-site.ts';
import type { Store } from '../store/open.ts';
import { requireAccount } from '../util/accounts.ts';
import type { Context } from './context.ts';

/** The build site, if the caller may submit builds; undefined for an admin, whose builds the service submits. */
export function submittingSite(store: Store, { config, paths, caller }: Context): BuildSite | undefined {
  const builder = requireAccount(config.build.user, 'build.user');
  if (caller.uid !== 0 && caller.uid !== builder.uid) return undefined;
  return makeBuildSite(store, config, paths, caller.name);
}
