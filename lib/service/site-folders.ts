import type { Paths } from '../config/paths.ts';

/** The share's folders with their modes; all belong to the service account. */
export function shareFolders(paths: Paths): { path: string; mode: number }[] {
  return [
    ...[paths.share, paths.builds, paths.logs, paths.results, paths.current].map((path) => ({ path, mode: 0o755 })),
    { path: paths.tasks, mode: 0o750 },
  ];
}
