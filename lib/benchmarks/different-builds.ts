import type { RunData } from './run-data.ts';

const libraries: Record<string, string> = { mpi: 'MPI', ucx: 'UCX', libfabric: 'libfabric' };

/**
 * Programs and libraries that are not the same in both legs, by the hashes and versions that the legs have told, such as
 * `hpcc`. Then a difference may come from the build and not from the container.
 */
export function differentBuilds(run: RunData): string[] {
  const told = { bare: new Map<string, string>(), container: new Map<string, string>() };
  for (const pair of run.pairs) {
    for (const leg of ['bare', 'container'] as const) {
      for (const [name, value] of Object.entries(pair[leg]?.covariates ?? {})) {
        const what = /^program-(.+)-sha256$/.exec(name)?.[1] ?? libraries[name];
        if (what !== undefined) told[leg].set(what, value);
      }
    }
  }
  return [...told.bare]
    .filter(([what, value]) => told.container.has(what) && told.container.get(what) !== value)
    .map(([what]) => what)
    .sort();
}
