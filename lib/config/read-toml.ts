import { parse, TomlError } from 'smol-toml';

import { CtmgrError } from '../util/errors.ts';

/** The tables of a TOML document; a configuration error (78) with line and column for anything else. `what` begins its message. */
export function parseToml(source: string, what: string): Record<string, unknown> {
  try {
    return parse(source);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new CtmgrError('configuration', `${what} is not valid TOML`, {
      why: `line ${error.line}, column ${error.column}: ${error.message.split('\n')[0]}`,
      cause: error,
    });
  }
}
