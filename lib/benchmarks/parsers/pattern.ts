import { CtmgrError } from '../../util/errors.ts';
import { findOne, type Parser, toPositive } from './output.ts';

/**
 * A parser for a site's own benchmark: the one match of a regular expression (JavaScript's, with `m`) whose group `value` is
 * the number; every other named group is a parameter. Throws CtmgrError `configuration` for a pattern that is none or has
 * no such group.
 */
export function patternParser(pattern: string, metric: string): Parser {
  const compiled = compile(pattern);
  return (text) => {
    const { value, ...parameters } = findOne(text, compiled, `what /${pattern}/ describes`).groups ?? {};
    const given = Object.entries(parameters).filter(([, found]) => found !== undefined);
    return { measurements: [{ metric, value: toPositive(value, metric) }], parameters: Object.fromEntries(given) };
  };
}

function compile(pattern: string): RegExp {
  const hint = 'write a JavaScript regular expression with a group (?<value>…)';
  try {
    const compiled = new RegExp(pattern, 'm');
    if (pattern.includes('(?<value>')) return compiled;
  } catch (error) {
    throw new CtmgrError('configuration', `/${pattern}/ is no regular expression`, {
      why: String(error),
      hint,
      cause: error,
    });
  }
  throw new CtmgrError('configuration', `/${pattern}/ has no group named value`, { hint });
}
