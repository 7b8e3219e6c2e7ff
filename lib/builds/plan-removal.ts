import type { ImageOnDisk } from '../store/removals.ts';
import { countNoun } from '../util/count-noun.ts';

/** Why an image stays. */
export type KeepReason = 'current' | 'pinned' | 'held' | 'newest' | 'young' | 'named by a job';

export interface RemovalRules {
  /** How many of the newest good builds of each name stay. */
  keep: number;
  /** Seconds since it was built or last current for which an image stays: no job may take longer. */
  grace: number;
  now: number;
  /** What waiting and running jobs name, see `namedImages`. */
  named: ReadonlySet<string>;
  /** Tags that wait for `ctmgr publish`. */
  heldTags?: ReadonlySet<string>;
  /** Ids of images that a gate has not decided about. */
  gated?: ReadonlySet<number>;
}

export interface RemovalPlan {
  remove: { image: ImageOnDisk; why: string }[];
  kept: Map<KeepReason, number>;
}

/**
 * Decides which published images nobody needs any more. Of a retired name none is kept for its number. Pure; `images` are
 * all good ones that have their file.
 */
export function planRemoval(images: ImageOnDisk[], rules: RemovalRules): RemovalPlan {
  const plan: RemovalPlan = { remove: [], kept: new Map() };
  const byName = Map.groupBy(images, ({ name }) => name);
  for (const builds of byName.values()) {
    const newestFirst = builds.toSorted((a, b) => b.buildTagId - a.buildTagId || b.id - a.id);
    for (const [rank, image] of newestFirst.entries()) {
      const reason = whyKept(image, rank, rules);
      if (reason === undefined) plan.remove.push({ image, why: whyRemoved(image, rank, rules) });
      else plan.kept.set(reason, (plan.kept.get(reason) ?? 0) + 1);
    }
  }
  return plan;
}

function whyKept(image: ImageOnDisk, rank: number, rules: RemovalRules): KeepReason | undefined {
  const { keep, grace, now, named, heldTags, gated } = rules;
  if (image.pinned) return 'pinned';
  if (image.current) return 'current';
  if (heldTags?.has(image.tag) || gated?.has(image.id)) return 'held';
  if (!image.retired && rank < keep) return 'newest';
  if (now - lastUse(image) < grace) return 'young';
  const names = [`${image.name}:${image.tag}`, `${image.name}@${image.sha256}`];
  return names.some((name) => named.has(name)) ? 'named by a job' : undefined;
}

function whyRemoved(image: ImageOnDisk, rank: number, { now }: RemovalRules): string {
  const days = Math.floor((now - lastUse(image)) / 86_400);
  const place = image.retired ? 'retired' : countNoun(rank, 'newer build');
  return `${place}, not current for ${countNoun(days, 'day')}`;
}

function lastUse({ builtAt, currentUntil }: ImageOnDisk): number {
  return Math.max(builtAt, currentUntil ?? 0);
}

/**
 * The exact images that texts name, as `NAME:TAG` and `NAME@HEX`: by reference or by path. A bare name is none of them, it
 * means the current image, which stays anyway.
 */
export function namedImages(texts: string[]): Set<string> {
  const named = new Set<string>();
  for (const text of texts) {
    for (const [, name, tag] of text.matchAll(/([a-z0-9][a-z0-9._-]*):(\d{4}-\d\d-\d\d\.\d+)/g))
      named.add(`${name}:${tag}`);
    for (const [, name, hex] of text.matchAll(/([a-z0-9][a-z0-9._-]*)@sha256:([0-9a-f]{64})/g))
      named.add(`${name}@${hex}`);
    for (const [, tag, name] of text.matchAll(/(\d{4}-\d\d-\d\d\.\d+)\/([a-z0-9._-]+)\.sif/g))
      named.add(`${name}:${tag}`);
  }
  return named;
}
