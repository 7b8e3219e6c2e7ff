import { CtmgrError } from '../util/errors.ts';
import { quote } from '../util/names.ts';

/** The values of `--set NAME=VALUE`; a name twice is a usage error (64). */
export function readSettings(pairs: readonly string[]): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const pair of pairs) {
    const [, name, value] = /^([A-Za-z]\w*)=(.*)$/s.exec(pair) ?? [];
    if (name === undefined || value === undefined) throw wrong('--set', pair, 'NAME=VALUE');
    if (Object.hasOwn(settings, name)) throw new CtmgrError('usage', `--set ${name} is given twice`);
    settings[name] = value;
  }
  return settings;
}

/** A whole number from `least` on; undefined stays undefined. */
export function readCount(option: string, text: string | undefined, least = 1): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d{1,9}$/.test(text) || value < least) throw wrong(option, text, `a whole number from ${least} on`);
  return value;
}

/** `1%` or `1 %` as the fraction 0.01; a number without the sign could mean either and is refused. */
export function readMargin(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const percent = Number(/^(\d+(?:\.\d+)?)\s*%$/.exec(text)?.[1]);
  if (!(percent > 0 && percent < 100)) throw wrong('--margin', text, 'a percentage such as 1% or 0.5%');
  return percent / 100;
}

function wrong(option: string, text: string, expected: string): CtmgrError {
  return new CtmgrError('usage', `${option} ${quote(text)} is not ${expected}`);
}
