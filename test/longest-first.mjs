/**
 * The order of test files: the longest first, so that no worker is left with one of them when the others are done. Jest's own
 * order goes by size until a run has been timed, which in a fresh clone puts a short file with two minutes of builds last.
 */
const longest = [
  'slurm/job-ends',
  'slurm/oracle',
  'slurm/tracking',
  'slurm/bench',
  'slurm/slurm-down',
  'slurm/crash',
  'slurm/incremental',
  'slurm/service',
  'integration/build-script',
  'integration/attempts',
  'unit/benchmark-page',
  'unit/statistics-simulated',
];

// oxlint-disable-next-line import/no-default-export -- jest asks for one
export default class LongestFirst {
  sort(tests) {
    const rank = ({ path }) => {
      const place = longest.findIndex((name) => path.endsWith(`/test/${name}.test.ts`));
      return place === -1 ? longest.length : place;
    };
    const size = ({ path, context }) => context.hasteFS.getSize(path) ?? 0;
    return [...tests].sort((a, b) => rank(a) - rank(b) || size(b) - size(a));
  }

  // What jest also asks for: --shard, --onlyFailures, and the times that its own order would need.
  shard(tests, { shardIndex, shardCount }) {
    return this.sort(tests).filter((_, index) => index % shardCount === shardIndex - 1);
  }

  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {}
}
