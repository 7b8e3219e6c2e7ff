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
export function runScriptLines(plan: RecipePlan, bare = false): string[] {
  // Nothing is below an image from scratch, so what it does not set is empty.
  const fromScratch = bare && plan.base.kind === 'scratch';
  const entrypoint = plan.entrypoint ?? (fromScratch ? [] : null);
  const cmd = plan.cmd;
  if (entrypoint === null && cmd === null) return [];
  const lines = scriptLines(entrypoint, cmd);
  return bare ? [...lines.slice(0, -1), `${lines.at(-1) ?? ''}\n${ownShellMark}`] : lines;
}

/**
 * Apptainer runs a runscript that has exactly this line, without blanks before it, with a shell of its own, so that the image needs
 * none (apptainer/apptainer, cmd/starter, getDockerRunscript). It is never reached.
 */
const ownShellMark = 'eval "set ${SINGULARITY_OCI_RUN}"';

function scriptLines(entrypoint: string[] | null, cmd: string[] | null): string[] {
  const defaults = cmd && cmd.length > 0 ? [`[ $# -gt 0 ] || set -- ${quoteWords(cmd)}`] : [];
  if (entrypoint === null) return [...defaults, `SINGULARITY_NO_EVAL=1 exec ${savedRunscript} "$@"`];
  if (entrypoint.length > 0) return [...defaults, `exec ${quoteWords(entrypoint)} "$@"`];
  const nothing = 'if [ $# -eq 0 ]; then echo "this image has no default command: name one" >&2; exit 125; fi';
  return [...(defaults.length > 0 ? defaults : [nothing]), 'exec "$@"'];
}
