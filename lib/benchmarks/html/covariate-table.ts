import type { RunData } from '../run-data.ts';
import { type Html, html } from './markup.ts';
import { table } from './page.ts';

/** What was read beside the runs, summed up for each leg: one value, a range, or how many different ones. */
export function covariateTable(run: RunData): Html {
  const names = new Set(
    run.pairs.flatMap(({ bare, container }) => [
      ...Object.keys(bare?.covariates ?? {}),
      ...Object.keys(container?.covariates ?? {}),
    ]),
  );
  if (names.size === 0) return html`<p>Nothing could be read beside the runs.</p> `;
  const rows = [...names].sort().map((name) => [name, summary(run, 'bare', name), summary(run, 'container', name)]);
  return table('Read beside the runs', ['name', 'bare metal', 'container'], rows);
}

function summary(run: RunData, leg: 'bare' | 'container', name: string): string {
  const all = run.pairs.flatMap((pair) => pair[leg]?.covariates[name] ?? []);
  const values = [...new Set(all)];
  if (values.length <= 1) return values[0] ?? 'unknown';
  const numbers = values.map(Number);
  if (numbers.every(Number.isFinite)) return `${Math.min(...numbers)} to ${Math.max(...numbers)}`;
  return `${values.length} different values, such as ${values.sort()[0]}`;
}
