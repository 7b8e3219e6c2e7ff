import { existsSync } from 'node:fs';

import { ownImageName } from '../definitions/image-reference.ts';
import { registrySettings } from '../definitions/learn-bases.ts';
import { examineSite } from '../service/doctor/examine-site.ts';
import type { Finding } from '../service/doctor/finding.ts';
import { listBaseImages } from '../store/base-images.ts';
import { offeredImages } from '../store/offered-images.ts';
import type { Store } from '../store/open.ts';
import { listScheduleStates } from '../store/schedules.ts';
import { countNoun } from '../util/count-noun.ts';
import { CtmgrError, exitCodes } from '../util/errors.ts';
import type { Answer, Context } from './context.ts';

interface Arguments {
  jobs: boolean;
  'all-nodes': boolean;
}

/** `ctmgr doctor`: checks the site and says what to do; 1 if there is a problem. */
export async function run(argv: Arguments, context: Context): Promise<Answer> {
  const { loaded, paths, caller, interrupted: signal } = context;
  const ask = async <Row>(question: (store: Store) => Promise<Row[]>): Promise<Row[]> => {
    if (!existsSync(paths.database)) return [];
    try {
      return await question(await context.store());
    } catch (error) {
      // What is wrong with the database is told by its own check.
      if (error instanceof CtmgrError) return [];
      throw error;
    }
  };
  const examination = { loaded, paths, level: caller.level, jobs: argv.jobs, allNodes: argv['all-nodes'] };
  const findings = await examineSite({
    ...examination,
    bases: async () => (await ask(listBaseImages)).flatMap(({ location }) => (isPulled(location) ? [location] : [])),
    schedules: () => ask(listScheduleStates),
    images: () => ask(offeredImages),
    registries: registrySettings(loaded.config, signal),
    signal,
  });
  const counts = { ok: 0, warning: 0, problem: 0, unknown: 0 };
  for (const { state } of findings) counts[state] += 1;
  const summary = [
    `${counts.ok} ok`,
    countNoun(counts.warning, 'warning'),
    countNoun(counts.problem, 'problem'),
    ...(counts.unknown === 0 ? [] : [`${counts.unknown} could not be found out`]),
  ];
  return {
    kind: 'record',
    record: { ...counts, checks: findings },
    text: `${[...findings.flatMap(describe), '', `${summary.join(', ')}.`].join('\n')}\n`,
    exitCode: counts.problem === 0 ? 0 : exitCodes.failed,
  };
}

/** Images of ours and `scratch` come from no registry, though names of images could look like that. */
const isPulled = (reference: string): boolean => reference !== 'scratch' && ownImageName(reference) === undefined;

const words = { ok: 'ok', warning: 'warning', problem: 'PROBLEM', unknown: 'cannot tell' };

function describe({ state, check, where, detail, fix }: Finding): string[] {
  const what = where === null ? check : `${check} (${where})`;
  return [`${words[state].padEnd(11)}  ${what}: ${detail}`, ...(fix === null ? [] : [`${' '.repeat(13)}Try: ${fix}`])];
}
