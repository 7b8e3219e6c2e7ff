import { insertEvent } from '../store/events.ts';
import type { ImageGate } from '../store/image-gates.ts';
import type { Store } from '../store/open.ts';
import { countNoun } from '../util/count-noun.ts';
import { analyseRun, decidingMetrics } from './analyse-run.ts';
import type { RunData } from './run-data.ts';
import type { VerdictKind } from './statistics/verdict.ts';
import { verdictSentence } from './verdict-sentence.ts';

/** What is shown to be not worse than the margin. A difference that is only not shown is not enough. */
const good: readonly VerdictKind[] = ['equivalent', 'slower-within-margin', 'faster', 'not-worse'];

/**
 * Decides by the deciding metrics of a run all of whose pairs are there: passed if the container is shown to cost less than the
 * margin (non-inferiority) in each of them. Slower and "cannot tell" in any keep the image back; the message is what the
 * report says of those that do, or of all. A claim that holds only if each of several tests rejects needs no correction for their number: the
 * chance to let pass an image that is worse in one of them is at most the level of that one (R. L. Berger, Technometrics 24,
 * 1982, on intersection-union tests).
 */
export function decideGate(data: RunData): { passed: boolean; message: string } {
  const analysis = analyseRun(data);
  const deciding = decidingMetrics(analysis);
  if (deciding.length === 0) return { passed: false, message: `${data.name} has no metric` };
  const { excluded } = analysis;
  const [first] = excluded;
  const left =
    first === undefined ? '' : `; ${countNoun(excluded.length, 'pair')} left out, the first: ${first.reason}`;
  const bad = deciding.filter(({ verdict }) => !good.includes(verdict.kind));
  const sentences = (bad.length > 0 ? bad : deciding).map((one) => {
    const sentence = verdictSentence(one);
    return deciding.length > 1 ? `${one.metric.name} ${sentence}` : sentence;
  });
  return { passed: bad.length === 0, message: `${data.name}: ${sentences.join('; ')}${left}` };
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
