import type { MetricAnalysis } from '../analyse-run.ts';
import { logMargin } from '../statistics/equivalence.ts';
import { percent, percentRange } from '../verdict-sentence.ts';
import type { Figure } from './draw-figure.ts';
import { brokenLabels } from './figure-labels.ts';
import { colours, figureWidth } from './theme.ts';

/** One line of the figure. */
export interface ForestRow {
  name: string;
  analysis: MetricAnalysis;
}

/** Longer intervals end at the edge with an arrow; their figures stand beside them. */
const edge = 4;

/**
 * All results below each other, each in units of its own margin, so that a disk and a processor can stand in one figure.
 * Undefined if none has an estimate.
 */
export function forestFigure(id: string, title: string, rows: readonly ForestRow[]): Figure | undefined {
  const labels = brokenLabels(rows.map(({ name }) => name));
  const values = rows.flatMap(({ name: whole, analysis: { metric, verdict } }, index) => {
    const { estimate, interval90, interval95 } = verdict;
    if (estimate === undefined || interval90 === undefined || interval95 === undefined) return [];
    const inMargins = (value: number): number => Math.max(-edge, Math.min(edge, value / logMargin(metric.margin)));
    const figures = `${percent(estimate.value)} (${percentRange(interval95)})`;
    return {
      row: index,
      name: `${labels[index]}\n${figures}`,
      whole: `${whole}: ${figures}`,
      estimate: inMargins(estimate.value),
      low95: inMargins(interval95[0]),
      high95: inMargins(interval95[1]),
      low90: inMargins(interval90[0]),
      high90: inMargins(interval90[1]),
    };
  });
  if (values.length === 0) return undefined;
  const limit = Math.min(edge, Math.max(1.4, ...values.flatMap(({ low95, high95 }) => [-low95 * 1.1, high95 * 1.1])));
  const beyond = values.flatMap(({ name, estimate, low95, high95 }) => [
    ...(low95 === -edge || estimate === -edge ? [{ name, at: -limit, shape: 'triangle-left' }] : []),
    ...(high95 === edge || estimate === edge ? [{ name, at: limit, shape: 'triangle-right' }] : []),
  ]);
  const scale = { domain: [-limit, limit], nice: false, zero: false };
  const y = { field: 'name', type: 'ordinal', sort: { field: 'row' }, title: null } as const;
  const axis = {
    labelExpr: "split(datum.label, '\\n')",
    labelLimit: 0,
    labelFontSize: 11,
    domain: false,
    ticks: false,
    labelPadding: 8,
  };
  const x = (field: string) => ({ field, type: 'quantitative', scale }) as const;
  return {
    id,
    title,
    description: values.map(({ whole: one }) => one).join('; '),
    caption:
      'What the container costs, to the right more, in margins: the shaded band is ± 1 margin, different for each benchmark. ' +
      'Diamond: estimate; thick line: 90 % interval, which has to lie in the band for “costs nothing”; thin line: 95 % interval.' +
      (beyond.length === 0 ? '' : ' Arrow: goes on beyond the edge.'),
    spec: {
      width: figureWidth,
      height: 40 + 48 * values.length,
      autosize: { type: 'fit', contains: 'padding' },
      data: { values },
      encoding: { y: { ...y, axis } },
      layer: [
        {
          mark: { type: 'rect', color: colours.band },
          data: { values: [{}] },
          encoding: { x: { datum: -1 }, x2: { datum: 1 }, y: { value: 0 }, y2: { value: 'height' } },
        },
        {
          mark: { type: 'rule', color: colours.muted },
          data: { values: [{}] },
          encoding: { x: { datum: 0 }, y: { value: 0 }, y2: { value: 'height' } },
        },
        {
          mark: { type: 'rule', color: colours.ink, strokeWidth: 1.5 },
          encoding: {
            x: { ...x('low95'), axis: { title: 'difference in margins', tickCount: 5, format: '~r' } },
            x2: { field: 'high95' },
          },
        },
        {
          mark: { type: 'rule', color: colours.ink, strokeWidth: 5 },
          encoding: { x: x('low90'), x2: { field: 'high90' } },
        },
        {
          mark: { type: 'point', shape: 'diamond', size: 150, color: colours.container, stroke: colours.ink },
          data: { values: values.filter(({ estimate }) => Math.abs(estimate) < edge) },
          encoding: { x: x('estimate'), y },
        },
        ...(['triangle-left', 'triangle-right'] as const).map((shape) => ({
          mark: { type: 'point' as const, shape, size: 150, color: colours.ink, opacity: 1 },
          data: { values: beyond.filter((one) => one.shape === shape) },
          encoding: { x: x('at'), y },
        })),
      ],
    },
  };
}
