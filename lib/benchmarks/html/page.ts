import { createHash } from 'node:crypto';

import { type Html, html, trustedHtml } from './markup.ts';
import { styleSheet } from './style-sheet.ts';

/**
 * A whole document in one file. Its policy allows this style sheet and nothing else: no script, no picture, no request
 * (https://www.w3.org/TR/CSP3/).
 */
export function page(title: string, body: Html): string {
  const sum = createHash('sha256').update(styleSheet).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${sum}'; base-uri 'none'; form-action 'none'`;
  // Whole, since every blank in it counts for the sum.
  const style = trustedHtml(`<style>${styleSheet}</style>`);
  return html`<!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${title}</title>
        ${style}
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html> `.html;
}

/** A table with caption; a wide one scrolls by itself. Columns named in `numbers` are aligned to the right. */
export function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly (string | Html)[])[],
  numbers: readonly string[] = [],
): Html {
  const kind = (i: number): Html => (numbers.includes(heads[i] ?? '') ? html` class="number"` : html``);
  return html`<div class="wide" tabindex="0" role="region" aria-label="${caption}">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${heads.map((head, i) => html`<th scope="col" ${kind(i)}>${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, i) => (i === 0 ? html`<th scope="row" ${kind(i)}>${cell}</th>` : html`<td${kind(i)}>${cell}</td>`))}
            </tr> `,
        )}
      </tbody>
    </table>
  </div> `;
}

/** Seconds since the epoch as UTC, the same wherever the page is made. */
export function utcTime(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
