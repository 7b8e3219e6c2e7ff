import { quoteWords } from './definition-quote.ts';
import type { RecipePlan } from './recipe-plan.ts';

/** Where the base image's runscript is kept if the recipe sets only CMD. */
export const savedRunscript = '/.singularity.d/runscript.base';

/** True if the base image's ENTRYPOINT still holds and the recipe's own CMD goes to it. */
export function keepsBaseEntrypoint({ entrypoint, cmd }: RecipePlan): boolean {
  return entrypoint === null && cmd !== null;
}

/**
 * The lines of `%runscript` and `%startscript`: ENTRYPOINT with the arguments given, or with CMD if there are none, as Docker
 * starts a container (https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact).
 * None if the recipe sets neither: then the base image's own stay.
 */
export function runScriptLines(plan: RecipePlan): string[] {
  const { entrypoint, cmd } = plan;
  if (entrypoint === null && cmd === null) return [];
  const defaults = cmd && cmd.length > 0 ? [`[ $# -gt 0 ] || set -- ${quoteWords(cmd)}`] : [];
  if (entrypoint === null) return [...defaults, `SINGULARITY_NO_EVAL=1 exec ${savedRunscript} "$@"`];
  if (entrypoint.length > 0) return [...defaults, `exec ${quoteWords(entrypoint)} "$@"`];
  const nothing = 'if [ $# -eq 0 ]; then echo "this image has no default command: name one" >&2; exit 125; fi';
  return [...(defaults.length > 0 ? defaults : [nothing]), 'exec "$@"'];
}
