import { setTimeout as delay } from 'node:timers/promises';

import type { CatalogueImage } from '../builds/catalogue-format.ts';
import type { Context } from './context.ts';
import { rowOfImage } from './progress-row.ts';
import { makeProgressView } from './progress-view.ts';

/**
 * Shows the builds of a tag until all have ended or the caller interrupts; `read` gets all images there are. It asks
 * nobody but the catalogue (or the database): somebody else polls. `known`: how many seconds each name took the last time, if
 * that is not to be seen from the images themselves. Returns false after an interrupt.
 */
export async function watchBuilds(
  context: Context,
  tag: string,
  read: () => Promise<CatalogueImage[]>,
  known?: ReadonlyMap<string, number>,
): Promise<boolean> {
  const { terminal, interrupted } = context;
  const everything = await read();
  const expected = known ?? lastDurations(everything, tag);
  const ofTag = (images: CatalogueImage[]): CatalogueImage[] => images.filter((image) => image.tag === tag);
  let images = ofTag(everything);
  const view = makeProgressView(terminal, images.map(rowOfImage), expected);
  const isOver = (): boolean => !images.some(({ status }) => ['pending', 'queued', 'building'].includes(status));
  while (!isOver() && !interrupted.aborted) {
    view([], images.map(rowOfImage));
    try {
      await delay(context.config.poll.results_interval * 1000, undefined, { signal: interrupted });
    } catch (error) {
      if (!interrupted.aborted) throw error;
    }
    images = ofTag(await read());
  }
  view([], images.map(rowOfImage));
  terminal.settle();
  return isOver();
}

/** How many seconds the last good build of each name took before this tag. */
function lastDurations(images: CatalogueImage[], tag: string): Map<string, number> {
  const good = images.filter((image) => image.status === 'success' && image.tag !== tag);
  return new Map(
    good.flatMap(({ name, started, ended }) => (started === null || ended === null ? [] : [[name, ended - started]])),
  );
}
