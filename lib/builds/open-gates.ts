import { setCurrentImage } from '../store/current-images.ts';
import { insertEvent } from '../store/events.ts';
import { isDiskError } from '../store/explain-error.ts';
import { changeGate, closedGates, type ImageGate } from '../store/image-gates.ts';
import { findInstance } from '../store/instances.ts';
import type { Store } from '../store/open.ts';
import { isHeld } from '../store/tag-holds.ts';
import { epochSeconds } from '../util/clock.ts';
import { briefErrorText } from '../util/errors.ts';
import type { BuildSite } from './build-site.ts';
import { takesNameOver } from './publish.ts';
import { showName } from './show-names.ts';

/** What came of images all of whose gates have passed. */
export interface OpenedGates {
  /** Names that mean another image now, and those that keep their meaning: held tag, pinned, retired, or newer. */
  live: string[];
  kept: string[];
  problems: string[];
}

/**
 * Lets names mean the images that all of their gates have passed. Link and record change in one transaction for each image:
 * what a crash or the share interrupts is done by the next call.
 */
export async function openGates(site: BuildSite): Promise<OpenedGates> {
  const opened: OpenedGates = { live: [], kept: [], problems: [] };
  const images = Map.groupBy(await closedGates(site.store), (gate) => gate.container_instance_id);
  for (const [instanceId, gates] of images) {
    if (gates.some(({ state }) => state !== 'passed')) continue;
    const { name = '' } = gates[0] ?? {};
    try {
      const live = await site.store.transaction().execute((db) => open(db, site, instanceId, gates));
      if (live !== undefined) opened[live ? 'live' : 'kept'].push(name);
    } catch (error) {
      if (isDiskError(error)) throw error;
      opened.problems.push(`cannot publish ${name}:${gates[0]?.tag} now: ${briefErrorText(error)}`);
    }
  }
  return opened;
}

/** Undefined if another process was quicker. */
async function open(db: Store, site: BuildSite, id: number, gates: ImageGate[]): Promise<boolean | undefined> {
  const now = epochSeconds();
  for (const gate of gates) {
    if (!(await changeGate(db, gate, { state: 'open', changed_at: now }))) return undefined;
  }
  const instance = await findInstance(db, id);
  if (instance === undefined || instance.removed_at !== null) return false;
  if ((await isHeld(db, instance.build_tag_id)) || !(await takesNameOver(db, instance))) return false;
  await setCurrentImage(db, instance.recipe_id, id, site.actor, now);
  await showName(db, site, instance.recipe_id);
  return true;
}

/** Passes all gates in front of the images of a tag, for a reason that is kept; returns the names. Call it in a transaction. */
export async function overrideGates(
  db: Store,
  tagId: number,
  author: { actor: string; message: string },
): Promise<string[]> {
  const now = epochSeconds();
  const gates = (await closedGates(db)).filter(
    ({ build_tag_id, state }) => build_tag_id === tagId && state !== 'passed',
  );
  for (const gate of gates) {
    const message = `published by ${author.actor} in spite of the gate: ${author.message}`;
    await changeGate(db, gate, { state: 'passed', message, changed_at: now });
    const detail = { gate: gate.gate, tag: gate.tag, message: author.message, before: gate.message };
    await insertEvent(db, { actor: author.actor, kind: 'gate.override', subject: gate.name, detail }, now);
  }
  return [...new Set(gates.map(({ name }) => name))];
}
