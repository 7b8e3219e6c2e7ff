import type { CatalogueImage } from '../builds/catalogue-format.ts';

/** The attempts at an image that were followed by another one, as rows of the history. */
export function attemptRows(image: CatalogueImage) {
  return image.attempts.map(({ number, status, failure_kind, message, node, job, started, ended }) => ({
    when: started ?? ended ?? image.changed,
    what: `attempt ${number} of ${image.tag}`,
    version: image.version,
    status,
    job,
    node,
    elapsed: started === null || ended === null ? null : ended - started,
    message: failure_kind === null ? message : `${failure_kind}: ${message}`,
  }));
}
