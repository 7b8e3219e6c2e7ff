import Mustache from 'mustache';
import { CtmgrError, errorText } from './errors.ts';

/** What a template can name: texts and numbers, conditions, and lists whose elements have names of their own. */
export interface TemplateData {
  [name: string]: string | number | boolean | null | TemplateData | readonly TemplateData[] | readonly string[];
}

/**
 * Fills a mustache template (https://mustache.github.io/mustache.5.html) without escaping anything for HTML. `where` says in
 * errors which template it is. Throws CtmgrError `configuration` for a syntax error, and for a name or partial that is not
 * in `data`, with its line: a template must never lose a part of a script in silence.
 */
export function renderTemplate(text: string, data: TemplateData, where: string): string {
  const fail = (line: number, problem: string): never => {
    throw new CtmgrError('configuration', `template ${where}, line ${line}: ${problem}`, {
      hint: 'correct the template, or remove it so that the one of ctmgr is used',
    });
  };
  const writer = new Mustache.Writer();
  let tokens: Token[];
  try {
    tokens = writer.parse(text) as Token[];
  } catch (error) {
    const position = / at (\d+)$/.exec(errorText(error))?.[1];
    return fail(lineOf(text, Number(position ?? 0)), errorText(error).replace(/ at \d+$/, ''));
  }
  const context = new StrictContext(data, undefined, (name) =>
    fail(lineOf(text, findTag(tokens, name)), `nothing is named ${JSON.stringify(name)} here`),
  );
  const partial = findTag(tokens, undefined);
  if (partial > 0) fail(lineOf(text, partial), 'partials ({{> name}}) are not supported');
  return writer.render(text, context, undefined, { escape: String });
}

/** A token of mustache.js: type, name, start, end, and for sections the tokens inside. */
type Token = [type: string, name: string, start: number, end: number, inside?: Token[]];

class StrictContext extends Mustache.Context {
  private readonly missing: (name: string) => never;

  constructor(view: unknown, parent: Mustache.Context | undefined, missing: (name: string) => never) {
    super(view, parent);
    this.missing = missing;
  }

  override push(view: unknown): Mustache.Context {
    return new StrictContext(view, this, this.missing);
  }

  override lookup(name: string): unknown {
    const inherited = name.split('.').some((word) => word in Object.prototype);
    const value: unknown = inherited ? undefined : super.lookup(name);
    return value === undefined ? this.missing(name) : value;
  }
}

/** Where the first tag with this name begins, without a name the first partial; -1 if there is none. */
function findTag(tokens: readonly Token[], name: string | undefined): number {
  for (const [type, value, start, , inside] of tokens) {
    if (type !== 'text' && (name === undefined ? type === '>' : value === name)) return start;
    const found = Array.isArray(inside) ? findTag(inside, name) : -1;
    if (found >= 0) return found;
  }
  return -1;
}

function lineOf(text: string, position: number): number {
  return text.slice(0, Math.max(position, 0)).split('\n').length;
}
