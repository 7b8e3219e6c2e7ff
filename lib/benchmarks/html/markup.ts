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

/**
 * Names and outputs are hostile: controls, which HTML cannot hold, and characters that turn the direction of writing are replaced. Line
 * feeds and tabs stay.
 */
export function visibleText(text: string): string {
  return text
    .toWellFormed()
    .replace(/(?![\t\n\r])\p{Cc}|\p{Noncharacter_Code_Point}|[\u202A-\u202E\u2066-\u2069]/gu, '\uFFFD');
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
