import { collectBenchmarks } from '../benchmarks/collect-results.ts';
import { pollGates } from '../benchmarks/poll-gates.ts';
import { type BuildSite, makeBuildSite } from '../builds/build-site.ts';
import { pollOnce } from '../builds/poll.ts';
import { notifyEnds } from '../service/notify.ts';
import { unfinishedInstances } from '../store/instances.ts';
import { exitCodes } from '../util/errors.ts';
import type { Answer, Column, Context } from './context.ts';
import { waitForTags } from './wait-for-tags.ts';

const columns: Column[] = [
  { key: 'name', title: 'NAME' },
  { key: 'tag', title: 'TAG' },
  { key: 'from', title: 'FROM' },
  { key: 'to', title: 'TO' },
  { key: 'detail', title: 'DETAIL' },
];

/** `ctmgr poll`: one pass, or with `--wait` as many as it takes until nothing is unfinished. */
export async function run(argv: { wait: boolean }, context: Context): Promise<Answer> {
  const site = makeBuildSite(await context.store(), context.config, context.paths, context.caller.name);
  if (argv.wait) {
    const open = await unfinishedInstances(site.store);
    const tags = new Map(open.map((instance) => [instance.tag, { id: instance.build_tag_id, name: instance.tag }]));
    if (tags.size > 0) {
      const answer = await waitForTags(site, context, [...tags.values()]);
      await notify(site, context);
      return answer;
    }
  }
  const report = await pollOnce(site);
  const bench = await collectBenchmarks(site);
  const gates = await pollGates(site);
  const problems = [...report.problems, ...bench.problems, ...gates.problems];
  for (const message of [...report.submissions, ...gates.news, ...problems]) context.terminal.say(`ctmgr: ${message}`);
  await notify(site, context);
  if (report.unfinished > 0) context.terminal.say(`${report.unfinished} unfinished`);
  return {
    kind: 'table',
    columns,
    records: report.transitions.map((transition) => ({ ...transition })),
    empty: 'No status has changed.',
    exitCode: problems.length > 0 ? exitCodes.tryAgain : 0,
  };
}

async function notify(site: BuildSite, { terminal, interrupted }: Context): Promise<void> {
  for (const { tag, channel, state, message } of await notifyEnds(site, interrupted)) {
    terminal.say(state === 'sent' ? `${tag}: notice sent (${channel})` : `ctmgr: no notice of ${tag} yet: ${message}`);
  }
}
