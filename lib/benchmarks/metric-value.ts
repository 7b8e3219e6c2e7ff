import type { Leg, MetricDefinition } from './run-data.ts';
import { mean } from './statistics/describe.ts';

/** What a leg brought of a metric, over message sizes the geometric mean; undefined if it has no such value. */
export function metricValue({ name }: MetricDefinition, leg: Leg | undefined): number | undefined {
  const values = (leg?.measurements ?? []).filter(({ metric }) => metric === name).map(({ value }) => value);
  return values.length === 0 ? undefined : Math.exp(mean(values.map(Math.log)));
}
