import type { MetricAnalysis, RunAnalysis } from '../analyse-run.ts';
import type { RunData } from '../run-data.ts';
import type { Figure } from './draw-figure.ts';
import { forestFigure } from './forest-figure.ts';
import { boxFigure, identityFigure } from './legs-figures.ts';
import { pairPoints } from './pair-points.ts';
import { pairsFigure } from './pairs-figure.ts';
import { readingFigures, runOrderFigures } from './run-order-figure.ts';
import { sizesFigures } from './sizes-figures.ts';

/** The figures of a run: of all metrics together, then of each by itself. What has no data has no figure. */
export interface RunFigures {
  forest: Figure | undefined;
  metrics: { analysis: MetricAnalysis; figures: Figure[] }[];
}

export function runFigures(run: RunData, { metrics }: RunAnalysis): RunFigures {
  const rows = metrics.map((analysis) => ({ name: analysis.metric.name, analysis }));
  return {
    forest: forestFigure('forest', 'All results', rows),
    metrics: metrics.map((analysis, i) => ({
      analysis,
      figures: [...metricFigures(`m${i + 1}`, run, analysis), ...(i === 0 ? readingFigures(run) : [])],
    })),
  };
}

function metricFigures(id: string, run: RunData, analysis: MetricAnalysis): Figure[] {
  const points = pairPoints(run, analysis.metric);
  if (points.length === 0) return [];
  return [
    pairsFigure(`${id}-pairs`, analysis, points),
    identityFigure(`${id}-identity`, analysis.metric, points),
    boxFigure(`${id}-box`, analysis.metric, points),
    ...sizesFigures(`${id}-sizes`, run, analysis),
    ...runOrderFigures(`${id}-order`, run, analysis.metric),
  ];
}
