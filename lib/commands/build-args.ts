import { CtmgrError } from '../util/errors.ts';
import { quote } from '../util/names.ts';

/** The values of `--build-arg NAME=VALUE`. */
export function readBuildArgs(pairs: string[]): Record<string, string> {
  const entries = pairs.map((pair) => {
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(pair) ?? [];
    if (name === undefined || value === undefined) {
      throw new CtmgrError('usage', `--build-arg ${quote(pair)} is not NAME=VALUE`, {
        hint: '--build-arg VERSION=1.2',
      });
    }
    return [name, value] as const;
  });
  return Object.fromEntries(entries);
}
