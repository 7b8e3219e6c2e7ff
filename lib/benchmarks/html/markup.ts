/** Text that is HTML already. */
export interface Html {
  readonly html: string;
}

type Insert = string | number | Html | readonly Html[] | undefined;

/**
 * HTML from a template literal. Everything inserted is escaped for text and quoted attributes, unless it is `Html` itself; of a
 * list the elements follow each other, and undefined is nothing. Control characters, which HTML cannot hold, become U+FFFD.
 */
export function html(texts: TemplateStringsArray, ...inserts: Insert[]): Html {
  return { html: texts.map((text, i) => `${i === 0 ? '' : insertText(inserts[i - 1])}${text}`).join('') };
}

/** For text that another library has made into HTML, and for nothing else. */
export function trustedHtml(text: string): Html {
  return { html: text };
}

/** Names and outputs are hostile: what a reader could not see or an XML parser would refuse is replaced. */
export function visibleText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  return text
    .toWellFormed()
    .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069\uFFFE\uFFFF]/g, '\uFFFD');
}

function insertText(insert: Insert): string {
  if (insert === undefined) return '';
  if (typeof insert === 'string' || typeof insert === 'number') return escape(String(insert));
  return 'html' in insert ? insert.html : insert.map((one) => one.html).join('');
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escape(text: string): string {
  return visibleText(text).replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
