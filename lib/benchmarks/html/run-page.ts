import { decidingMetrics, type RunAnalysis } from '../analyse-run.ts';
import { type Check, checkRun } from '../check-run.ts';
import { fixedOrderSentences, orderSentence } from '../order-sentence.ts';
import type { RunData } from '../run-data.ts';
import type { RunProvenance } from '../run-provenance.ts';
import { percent, selfDifference, verdictSentence } from '../verdict-sentence.ts';
import { covariateTable } from './covariate-table.ts';
import { drawFigures, type Figure } from './draw-figure.ts';
import { type Html, html } from './markup.ts';
import { page, utcTime } from './page.ts';
import { runFigures } from './run-figures.ts';
import { estimateTable, fixedOrderTable, pairTable, sizeTable, summaryTable } from './run-tables.ts';

/** The report of a run as one HTML file that needs nothing else. The same data give the same bytes. */
export async function runPage(run: RunData, analysis: RunAnalysis, provenance: RunProvenance): Promise<string> {
  const { forest, metrics } = runFigures(run, analysis);
  const all = [...(forest === undefined ? [] : [forest]), ...metrics.flatMap(({ figures }) => figures)];
  const drawn = await drawFigures(all);
  const show = (figures: readonly Figure[]): Html =>
    html`<div class="figures">${figures.flatMap(({ id }) => drawn.get(id) ?? [])}</div> `;
  const image = run.aa ? 'bare metal against itself' : `${run.image.name}:${run.image.tag}`;
  const [headline] = analysis.metrics;
  const deciding = decidingMetrics(analysis);
  const body = html`<h1>${run.benchmark}: ${image}</h1>
    <div class="answer">
      <p class="verdict">${headline === undefined ? 'No metric' : `${run.benchmark}: ${verdictSentence(headline)}`}.</p>
      ${orderBox(analysis)}
    </div>
    ${run.aa ? html`<p>Both legs ran on bare metal; what is called container below is one of them.</p> ` : undefined}
    ${checkBox(checkRun(run, analysis, provenance.lastSelf))}
    <h2>All metrics</h2>
    ${summaryTable(analysis)}${forest === undefined ? undefined : show([forest])}${metrics.map(
      ({ analysis: one, figures }) =>
        html`<h2>${one.metric.name}${one.metric.unit === '' ? '' : `, ${one.metric.unit}`}</h2>
          <p>${one.metric.name}: ${verdictSentence(one)}.${deciding.includes(one) ? ' This metric decides.' : ''}</p>
          ${figures.length === 0 ? html`<p>No pair counts that has this metric: there is nothing to draw.</p> ` : show(figures)}`,
    )}
    <h2>Estimates</h2>
    ${estimateTables(analysis)}
    <h2>What a fixed order would have claimed</h2>
    ${fixedOrderTable(analysis)}
    <h2>Pairs</h2>
    ${excludedText(run, analysis)}${pairTable(run)}
    <h2>Provenance</h2>
    ${provenanceList(run, provenance)}${covariateTable(run)}
    <h3>Script of both legs</h3>
    <pre>${provenance.script}</pre>
    ${outputList(run)}`;
  return page(`${run.name}: ${run.benchmark}, ${image}`, body);
}

function estimateTables({ metrics }: RunAnalysis): Html[] {
  const tables = metrics.flatMap((one) => [estimateTable(one), sizeTable(one)].filter((part) => part !== undefined));
  return tables.length > 0 ? tables : [html`<p>Too few pairs count for any estimate.</p> `];
}

function orderBox({ metrics: [headline] }: RunAnalysis): Html | undefined {
  const order = headline && orderSentence(headline);
  if (headline === undefined || order === undefined) return undefined;
  const warning = selfDifference(headline);
  return html`<div class="order">
    <p>Order: ${order}.</p>
    ${fixedOrderSentences(headline).map((claim) => html`<p>${claim}.</p> `)}${warning === undefined ? undefined : html`<p>Beware: ${warning}.</p> `}
  </div> `;
}

function checkBox(checks: readonly Check[]): Html {
  const failed = checks.filter(({ state }) => state === 'failed').length;
  const words = { passed: 'good', failed: 'BAD', unknown: 'note' };
  return html`<section class="checks${failed > 0 ? ' failed' : ''}" aria-labelledby="validity">
    <h2 id="validity">
      Validity: ${failed === 0 ? 'nothing found against this run' : `${failed} of ${checks.length} checks fail`}
    </h2>
    <ul>
      ${checks.map(
        ({ state, text }) =>
          html`<li class="${state}">
            <span>${words[state]}</span>
            <div>${text}</div>
          </li> `,
      )}
    </ul>
  </section> `;
}

function excludedText(run: RunData, { excluded, metrics: [headline] }: RunAnalysis): Html {
  if (excluded.length === 0) return html`<p>All ${run.pairs.length} pairs count.</p> `;
  const estimate = headline?.withExcluded?.estimate;
  const withThem =
    estimate === undefined
      ? ''
      : ` With those that have values the estimate is ${percent(estimate.value)}: ${headline?.withExcluded?.kind ?? ''}.`;
  return html`<p>${excluded.length} of ${run.pairs.length} pairs do not count; the table says why.${withThem}</p> `;
}

function provenanceList(run: RunData, { facts }: RunProvenance): Html {
  const own: [string, string][] = [
    ['run', run.name],
    ['benchmark', `${run.benchmark}: ${run.summary}`],
    ['image', run.aa ? 'none: both legs are bare metal' : `${run.image.name}:${run.image.tag}`],
    ...(run.aa ? [] : [['image sha256', run.image.sha256] as [string, string]]),
    ['started', `${utcTime(run.created)} by ${run.createdBy}`],
    ['job ids', run.jobs.join(' ') || 'none'],
    ['seed', `${run.seed} (${run.generator})`],
    ['plan', `${run.pairs.length} pairs in ${run.allocations} allocations; ${plan(run)}`],
    ...Object.entries(run.requested).map(([name, value]): [string, string] => [`asked for ${name}`, value]),
  ];
  return html`<dl>
    ${[...own, ...facts].map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd> `,
    )}
  </dl> `;
}

/** The order of every pair in short: B is bare metal first, C the container, a blank between blocks. */
function plan(run: RunData): string {
  const letters = run.pairs.map(({ sequence, block }, i) => {
    const gap = i > 0 && run.pairs[i - 1]?.block !== block ? ' ' : '';
    return `${gap}${sequence === 'bare-first' ? 'B' : 'C'}`;
  });
  return `${letters.join('')} (B: bare metal first, C: container first; blocks parted)`;
}

function outputList(run: RunData): Html {
  const lines = run.pairs.flatMap(({ bare, container }) =>
    [bare, container].flatMap((leg) => (leg === undefined ? [] : [`${leg.outputSha256}  ${leg.output}`])),
  );
  return html`<h3>Raw outputs (sha256, below the folder of outputs)</h3>
    <pre>${lines.join('\n') || 'none'}</pre> `;
}
