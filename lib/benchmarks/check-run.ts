import type { RunAnalysis } from './analyse-run.ts';
import { differentBuilds } from './different-builds.ts';
import { exclusionReason } from './examine-pair.ts';
import type { SelfRun } from './last-self-run.ts';
import type { Leg, RunData } from './run-data.ts';
import { showsBias } from './verdict-sentence.ts';
import { countNoun } from '../util/count-noun.ts';

/** One condition under which the numbers may be believed; `unknown` is neither good nor bad, and said. */
export interface Check {
  state: 'passed' | 'failed' | 'unknown';
  text: string;
}

/** Everything that could make a run say less than it seems to, the same for every run and in the same order. */
export function checkRun(run: RunData, { metrics }: RunAnalysis, lastSelf: SelfRun | undefined): Check[] {
  const both = run.pairs.flatMap(({ bare, container, ...pair }) =>
    bare !== undefined && container !== undefined ? [{ ...pair, bare, container }] : [],
  );
  const valid = both.filter(({ bare, container }) => bare.invalid === undefined && container.invalid === undefined);
  const counted = valid.filter((pair) => exclusionReason(pair, run) === undefined);
  const bareFirst = counted.filter(({ sequence }) => sequence === 'bare-first').length;
  const all = (good: number, of: number, passed: string, failed: string): Check =>
    good === of ? { state: 'passed', text: passed } : { state: 'failed', text: `${of - good} of ${of}: ${failed}` };
  return [
    all(both.length, run.pairs.length, `All ${run.pairs.length} planned pairs have run`, 'planned pairs lack a leg'),
    all(valid.length, both.length, 'Every leg that ran is a result', 'pairs with a leg that is no result'),
    all(
      counted.length,
      valid.length,
      'Both legs ran what was asked for, on the same nodes',
      'pairs whose legs differ from the request or each other',
    ),
    bareFirst * 2 === counted.length && bareFirst > 0
      ? { state: 'passed', text: `Both orders occur equally often: ${bareFirst} times each` }
      : {
          state: 'failed',
          text: `${countNoun(bareFirst, 'pair')} ran bare metal first, ${counted.length - bareFirst} the container`,
        },
    buildCheck(run),
    nodesCheck(counted),
    readingsCheck(run),
    warmUpCheck(run),
    run.aa ? selfCheck(metrics) : lastSelfCheck(run, lastSelf),
  ];
}

/** A first run is slow for reasons of its own: the image is read, libraries are loaded, the processor is cold. */
function warmUpCheck({ warmUps }: RunData): Check {
  const cold = warmUps.filter(({ legs }) => legs.length < 2);
  if (warmUps.length > 0 && cold.length === 0) {
    return { state: 'passed', text: `Both legs were warmed up in ${countNoun(warmUps.length, 'allocation')}` };
  }
  const places = cold.map(({ allocation, submission }) =>
    submission > 1 ? `${allocation} of submission ${submission}` : String(allocation),
  );
  return {
    state: 'failed',
    text: warmUps.length === 0 ? 'No allocation was warmed up' : `Not warmed up well: allocation ${places.join(', ')}`,
  };
}

function lastSelfCheck({ benchmark }: RunData, last: SelfRun | undefined): Check {
  if (last === undefined) {
    return {
      state: 'unknown',
      text: `Bare metal was not compared with itself before this run: ctmgr bench run ${benchmark} --aa checks machine and method`,
    };
  }
  const run = `${last.name} (${utcDate(last.created)})`;
  return {
    same: { state: 'passed', text: `Bare metal was the same as itself within the margin in ${run}` } as const,
    nothing: { state: 'unknown', text: `Bare metal against itself, ${run}, could not tell` } as const,
    different: {
      state: 'failed',
      text: `Bare metal differed from itself in ${run}: the machine or the method is biased`,
    } as const,
  }[last.says];
}

function utcDate(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

/** What a run of bare metal against itself says of the method. */
function selfCheck(metrics: RunAnalysis['metrics']): Check {
  if (showsBias(metrics)) {
    const which = metrics.filter((one) => showsBias([one])).map(({ metric }) => metric.name);
    return {
      state: 'failed',
      text: `Bare metal differs from itself in ${which.join(', ')}: the machine or the method is biased`,
    };
  }
  const [headline] = metrics;
  return headline?.verdict.kind === 'equivalent'
    ? { state: 'passed', text: 'Bare metal is the same as itself within the margin' }
    : {
        state: 'unknown',
        text: 'Bare metal against itself: these pairs show no difference, and do not rule one out either',
      };
}

function nodesCheck(counted: readonly { bare: Leg; allocation: number }[]): Check {
  const allocations = new Set(counted.map(({ allocation }) => allocation)).size;
  const sets = new Set(counted.map(({ bare }) => bare.nodes.toSorted().join(' '))).size;
  if (allocations === 1) {
    return { state: 'unknown', text: 'One allocation only: how far others differ from it is not in the intervals' };
  }
  return sets > 1
    ? { state: 'passed', text: `${countNoun(allocations, 'allocation')} on ${sets} different sets of nodes` }
    : { state: 'unknown', text: 'One set of nodes only: this says nothing about others' };
}

function buildCheck(run: RunData): Check {
  const different = differentBuilds(run);
  if (different.length > 0) {
    return { state: 'failed', text: `Different build: ${different.join(', ')} is not the same in both legs` };
  }
  const told = (leg: 'bare' | 'container'): boolean =>
    run.pairs.some((pair) => Object.keys(pair[leg]?.covariates ?? {}).some((name) => name.startsWith('program-')));
  return told('bare') && told('container')
    ? { state: 'passed', text: 'The same programs in both legs, by their hashes' }
    : { state: 'unknown', text: 'Whether both legs ran the same build is unknown: not both have told hashes' };
}

function readingsCheck(run: RunData): Check {
  const names = new Set(
    run.pairs.flatMap(({ bare, container }) => Object.keys({ ...bare?.covariates, ...container?.covariates })),
  );
  const missing = ['temperature', 'frequency', 'energy'].filter(
    (wanted) => ![...names].some((name) => name.includes(wanted)),
  );
  return missing.length === 0
    ? { state: 'passed', text: 'Temperature, frequency and energy were read' }
    : { state: 'unknown', text: `Not readable on these nodes: ${missing.join(', ')}` };
}
