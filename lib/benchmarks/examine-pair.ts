import type { CollectedPair, Leg, RunData } from './run-data.ts';

/**
 * Why a pair does not count, in words for the report; undefined if it does. Only technical causes: a leg that is missing or
 * no result, legs that differ from the request or from each other in what they ran or where. Never a value.
 */
export function exclusionReason(
  pair: CollectedPair,
  { requested, ifPrinted = [] }: Pick<RunData, 'requested' | 'ifPrinted'>,
): string | undefined {
  const { bare, container } = pair;
  if (bare === undefined || container === undefined) {
    return bare === container ? 'not run' : `the ${bare === undefined ? 'bare' : 'container'} leg has not run`;
  }
  return (
    invalidLeg('bare', bare) ??
    invalidLeg('container', container) ??
    differsFromRequest('bare', bare, requested, ifPrinted) ??
    differsFromRequest('container', container, requested, ifPrinted) ??
    legsDiffer(bare, container)
  );
}

function invalidLeg(name: string, { invalid }: Leg): string | undefined {
  return invalid === undefined ? undefined : `${name} leg: ${invalid}`;
}

function differsFromRequest(
  name: string,
  leg: Leg,
  requested: RunData['requested'],
  ifPrinted: readonly string[],
): string | undefined {
  for (const [key, wanted] of Object.entries(requested)) {
    const found = leg.parameters[key];
    if (found === undefined && ifPrinted.includes(key)) continue;
    if (found !== wanted) return `${name} leg: ${key} is ${found ?? 'not given'}, not ${wanted} as requested`;
  }
  return undefined;
}

function legsDiffer(bare: Leg, container: Leg): string | undefined {
  const keys = new Set([...Object.keys(bare.parameters), ...Object.keys(container.parameters)]);
  for (const key of keys) {
    const [one, other] = [bare.parameters[key] ?? 'not given', container.parameters[key] ?? 'not given'];
    if (one !== other) return `the legs differ in ${key}: ${one} and ${other}`;
  }
  const [here, there] = [bare.nodes.toSorted().join(' '), container.nodes.toSorted().join(' ')];
  return here === there ? undefined : `the legs ran on different nodes: ${here} and ${there}`;
}
