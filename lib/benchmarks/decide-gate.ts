import { insertEvent } from '../store/events.ts';
import type { ImageGate } from '../store/image-gates.ts';
import type { Store } from '../store/open.ts';
import { countNoun } from '../util/count-noun.ts';
import { analyseRun } from './analyse-run.ts';
import type { RunData } from './run-data.ts';
import type { VerdictKind } from './statistics/verdict.ts';
import { verdictSentence } from './verdict-sentence.ts';

/** What is shown to be not worse than the margin. A difference that is only not shown is not enough. */
const good: readonly VerdictKind[] = ['equivalent', 'slower-within-margin', 'faster', 'not-worse'];

/**
 * Decides by the first metric of a run all of whose pairs are there: passed if the container is shown to cost less than the
 * margin (non-inferiority). Slower and "cannot tell" both keep the image back; the message is the report's sentence.
 */
export function decideGate(data: RunData): { passed: boolean; message: string } {
  const { metrics, excluded } = analyseRun(data);
  const [metric] = metrics;
  if (metric === undefined) return { passed: false, message: `${data.name} has no metric` };
  const [first] = excluded;
  const left =
    first === undefined ? '' : `; ${countNoun(excluded.length, 'pair')} left out, the first: ${first.reason}`;
  const passed = good.includes(metric.verdict.kind);
  return { passed, message: `${data.name}: ${verdictSentence(metric)}${left}` };
}

/** Writes the decision into the history of the name; call it inside the transaction that changes the gate. */
export async function recordDecision(
  db: Store,
  actor: string,
  { gate, name, tag, run, message }: Pick<ImageGate, 'gate' | 'name' | 'tag' | 'run' | 'message'>,
  passed: boolean,
  now: number,
): Promise<void> {
  const kind = passed ? 'gate.pass' : 'gate.hold';
  await insertEvent(db, { actor, kind, subject: name, detail: { gate, tag, run, message } }, now);
}
