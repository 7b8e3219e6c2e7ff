import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';

import { definitionEnvironment } from './image-environment.ts';
import { comparePackages, type PackageChange, type PackageList } from './package-list.ts';
import { baseDigest } from './provenance.ts';

/** One of two things that are compared: a build, or a recipe version as it would be built now. */
export interface Comparable {
  /** How the reader knows it. */
  title: string;
  version: number;
  base: string;
  /** `NAME:VERSION` of each, in order. */
  overlays: string[];
  /** Without what ctmgr adds about the image's origin. */
  definition: string;
  /** Digest of the files that it copies, null if it copies none. */
  context: string | null;
  /** What the image sets, its base image included; undefined if there is no file to ask. */
  environment: Map<string, string> | undefined;
  /** Undefined if there is no list. */
  packages: PackageList | undefined;
}

export interface Change<Value> {
  before: Value;
  after: Value;
}

export interface VariableChange {
  name: string;
  before: string | null;
  after: string | null;
}

export interface Differences {
  base: Change<string> | null;
  base_digest: Change<string | null> | null;
  overlays: Change<string[]> | null;
  /** Digests of the files that are copied. */
  context: Change<string | null> | null;
  environment: VariableChange[];
  /** Null: one of the two has no list. */
  packages: PackageChange[] | null;
  /** Unified; empty if the definitions are the same, null if they differ too much to be shown. */
  definition: string | null;
}

/** Milliseconds after which two definitions count as too different to be compared line by line. */
const patience = 5000;

/** Says what differs. Environments are compared as far as both sides know theirs: the image's, or the definition's. */
export function compareImages(a: Comparable, b: Comparable): Differences {
  const digests = { before: baseDigest(a.definition), after: baseDigest(b.definition) };
  const [before, after] =
    a.environment !== undefined && b.environment !== undefined
      ? [a.environment, b.environment]
      : [definitionEnvironment(a.definition), definitionEnvironment(b.definition)];
  const overlays = { before: a.overlays, after: b.overlays };
  return {
    base: a.base === b.base ? null : { before: a.base, after: b.base },
    base_digest: digests.before === digests.after ? null : digests,
    overlays: a.overlays.join() === b.overlays.join() ? null : overlays,
    context: a.context === b.context ? null : { before: a.context, after: b.context },
    environment: compareVariables(before, after),
    packages: a.packages === undefined || b.packages === undefined ? null : comparePackages(a.packages, b.packages),
    definition: a.definition === b.definition ? '' : unified(a, b),
  };
}

function compareVariables(before: Map<string, string>, after: Map<string, string>): VariableChange[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .sort()
    .map((name) => ({ name, before: before.get(name) ?? null, after: after.get(name) ?? null }))
    .filter((change) => change.before !== change.after);
}

function unified(a: Comparable, b: Comparable): string | null {
  const options = { context: 3, headerOptions: FILE_HEADERS_ONLY, timeout: patience };
  return createTwoFilesPatch(a.title, b.title, a.definition, b.definition, '', '', options) ?? null;
}
