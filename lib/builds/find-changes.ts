import type { PlannedBase, RegistryBase } from './plan-bases.ts';

/** Why an image is built, for people and programs. */
export interface Change {
  kind: 'never-built' | 'failed' | 'removed' | 'recipe' | 'overlay' | 'base' | 'image' | 'template' | 'apptainer';
  /** The overlay, the base image, or empty. */
  subject: string;
  /** What the newest image has; null: nothing, or not known. */
  from: string | null;
  to: string | null;
}

/** An overlay as an image has it. */
export interface AppliedOverlay {
  name: string;
  version: number;
}

/** What an image is or would be made of. */
export interface Inputs {
  version: number;
  /** In order. */
  overlays: AppliedOverlay[];
  bases: PlannedBase[];
}

/** The newest image of a recipe: good, or being built. */
export interface Previous extends Inputs {
  /** The definition file that it was built from. */
  definition: string;
  /** Version of Apptainer; null: not known. */
  apptainer: string | null;
}

/** What cannot be seen from the two sets of inputs. */
export interface Circumstances {
  /** The definition of today with the base images of the newest image; only asked for the same version and overlays. */
  renderAgain: () => string;
  /** Ids of the images that each name of ours stands for now: the current one and the newest good one. */
  imagesOf: (name: string) => readonly number[];
  /** Versions of Apptainer that build nodes have reported last; empty: not known. */
  apptainers: ReadonlySet<string>;
}

/** All that differs between the newest image of a recipe and what would be built now; empty if nothing does. Pure. */
export function findChanges(before: Previous, now: Inputs, about: Circumstances): Change[] {
  const changes: Change[] = [];
  const add = (kind: Change['kind'], subject: string, from: string | null, to: string | null): void => {
    changes.push({ kind, subject, from, to });
  };
  if (before.version !== now.version) add('recipe', '', String(before.version), String(now.version));
  changes.push(...overlayChanges(before.overlays, now.overlays));
  const earlier = new Map(before.bases.map((base) => [base.reference, base]));
  for (const base of now.bases) {
    const old = earlier.get(base.reference);
    // Another base image comes with another version of the recipe, which has been said.
    if (old === undefined && before.version !== now.version) continue;
    const change = base.kind === 'image' ? ownChange(old, base, about) : registryChange(old, base);
    if (change !== undefined) changes.push(change);
  }
  const comparable = before.version === now.version && changes.every(({ kind }) => kind !== 'overlay');
  if (comparable && about.renderAgain() !== before.definition) add('template', '', null, null);
  const { apptainer } = before;
  if (apptainer !== null && about.apptainers.size > 0 && !about.apptainers.has(apptainer))
    add('apptainer', '', apptainer, [...about.apptainers].sort().join(', '));
  return changes;
}

function overlayChanges(before: AppliedOverlay[], now: AppliedOverlay[]): Change[] {
  const old = new Map(before.map(({ name, version }) => [name, String(version)]));
  const fresh = new Map(now.map(({ name, version }) => [name, String(version)]));
  const names = new Set([...old.keys(), ...fresh.keys()]);
  const changes = [...names].flatMap((subject): Change[] => {
    const [from, to] = [old.get(subject) ?? null, fresh.get(subject) ?? null];
    return from === to ? [] : [{ kind: 'overlay', subject, from, to }];
  });
  const order = (list: AppliedOverlay[]): string => list.map(({ name }) => name).join(' ');
  if (changes.length > 0 || order(before) === order(now)) return changes;
  return [{ kind: 'overlay', subject: 'order', from: order(before), to: order(now) }];
}

/** A digest that is not known, then or now, is never taken to be the same. */
function registryChange(old: PlannedBase | undefined, base: RegistryBase): Change | undefined {
  const from = old?.kind === 'registry' ? old.digest : null;
  if (from !== null && from === base.digest) return undefined;
  return { kind: 'base', subject: base.reference, from, to: base.digest };
}

function ownChange(
  old: PlannedBase | undefined,
  base: Extract<PlannedBase, { kind: 'image' }>,
  { imagesOf }: Circumstances,
): Change | undefined {
  const built = old?.kind === 'image' ? old.built : null;
  const from = built?.tag ?? null;
  if (base.built === null) return { kind: 'image', subject: base.name, from, to: null };
  const same = built !== null && (imagesOf(base.name).includes(built.id) || built.sha256 === base.built.sha256);
  return same ? undefined : { kind: 'image', subject: base.name, from, to: base.built.tag };
}

/** `overlay site 3 -> 4`, `base debian:12 sha256:ab12… -> sha256:cd34…`. */
export function describeChange({ kind, subject, from, to }: Change): string {
  const arrow = `${from ?? 'unknown'} -> ${to ?? 'unknown'}`;
  switch (kind) {
    case 'never-built':
      return 'never built';
    case 'failed':
      return `last build ended with ${from ?? 'no image'}`;
    case 'removed':
      return 'its image has been deleted';
    case 'recipe':
      return `recipe version ${arrow}`;
    case 'overlay':
      if (subject === 'order') return `order of the overlays ${arrow}`;
      if (from === null) return `overlay ${subject} added (version ${to ?? ''})`;
      return to === null ? `overlay ${subject} gone (version ${from})` : `overlay ${subject} ${arrow}`;
    case 'base':
      if (to === null) return `base ${subject}: its digest is not known now`;
      if (from === null) return `base ${subject}: it is not known which digest it had`;
      return `base ${subject} ${brief(from)} -> ${brief(to)}`;
    case 'image':
      return to === null ? `base ${subject} is built anew` : `base ${subject} ${arrow}`;
    case 'template':
      return 'the template of the definition file';
    case 'apptainer':
      return `Apptainer ${arrow}`;
  }
}

function brief(digest: string): string {
  return `${digest.slice(0, 'sha256:'.length + 12)}…`;
}
