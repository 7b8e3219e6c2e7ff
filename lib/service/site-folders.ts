import type { Paths } from '../config/paths.ts';

/** The share's folders with their modes; all belong to the service account. */
export function shareFolders(paths: Paths): { path: string; mode: number }[] {
  return [
    ...[paths.share, paths.builds, paths.logs, paths.current].map((path) => ({ path, mode: 0o755 })),
    // Nobody else's business, and what private images are built from.
    ...[paths.tasks, paths.results].map((path) => ({ path, mode: 0o750 })),
    // Closed to listing; each group's own folder is made when it is needed.
    { path: paths.private, mode: 0o711 },
  ];
}
