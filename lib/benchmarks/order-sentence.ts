import type { MetricAnalysis } from './analyse-run.ts';
import { interval, pValue } from './statistics/crossover.ts';
import { percent, percentRange } from './verdict-sentence.ts';

/** What coming second costs, whichever leg it is; undefined if that is unknown. */
export function orderSentence({ crossover }: MetricAnalysis): string | undefined {
  if (crossover === undefined) return undefined;
  const { order } = crossover;
  const chance = pValue(order) < 0.05 ? '' : '; that may be chance';
  return `the second run of a pair costs ${percent(order.value)} (95 % interval ${percentRange(interval(order, 0.95))}), whichever leg it is${chance}`;
}

/** What somebody with a fixed order would have published; nothing for an order that would have found nothing. */
export function fixedOrderSentences({ fixedOrders, aa }: MetricAnalysis): string[] {
  return fixedOrders.flatMap(({ sequence, claim, value }) => {
    if (claim === 'nothing') return [];
    const size = percent(value).slice(1);
    if (aa) {
      const second = (sequence === 'bare-first') === (claim === 'slower') ? 'slower' : 'faster';
      return [`Always running the same leg first would have shown the other one ${second} by ${size}`];
    }
    const first = sequence === 'bare-first' ? 'bare metal' : 'the container';
    return [`Always running ${first} first would have shown the container ${claim} by ${size}`];
  });
}
