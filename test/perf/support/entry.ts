/** What a file `test/perf/NAME.perf.ts` exports as `entry`. It measures and asserts nothing: times depend on the machine. */
export interface PerfEntry {
  title: string;
  /** It runs only while `test/cluster/cluster status` says that the cluster is up. */
  needsCluster: boolean;
  measure: () => Promise<PerfTable[]>;
}

/** One table: what it shows, the names of its columns, its rows. Numbers are aligned to the right. */
export interface PerfTable {
  caption: string;
  columns: string[];
  rows: (string | number)[][];
}
