import { readFile } from 'node:fs/promises';

import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';

/**
 * The steps of an overlay as the command line gives them: either commands or a file with one command per line, in
 * which empty lines and lines that start with `#` do not count. Neither, both, or no step at all is a usage error.
 */
export async function readOverlaySteps(run: string[] | undefined, file: string | undefined): Promise<string[]> {
  if ((run === undefined) === (file === undefined)) {
    throw new CtmgrError(
      'usage',
      `an overlay needs its steps, ${run === undefined ? 'and there are none' : 'and from one place'}`,
      { hint: '--run COMMAND (several times if need be), or --file FILE' },
    );
  }
  const commands = run ?? linesOf(await readSteps(file ?? ''));
  const bad = commands.find((command) => command.trim() === '' || command.includes('\0'));
  if (commands.length === 0 || bad !== undefined) {
    throw new CtmgrError('usage', 'an overlay step cannot be empty or hold a NUL character', {
      hint: "--run 'apt-get update', or --file FILE with one command per line",
    });
  }
  return commands;
}

async function readSteps(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = isSystemError(error, 'ENOENT') ? 'inputMissing' : 'notAllowed';
    throw new CtmgrError(code, `cannot read ${file}`, { why: errorText(error), cause: error });
  }
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
