import { CtmgrError, errorText, exitCodes } from '../util/errors.ts';
import { escapeControls, escapeForTerminal } from '../util/escape-controls.ts';

export interface ErrorReport {
  exitCode: number;
  /** For standard error: at most what failed, why, and `Try:`. */
  text: string;
  /** For standard output under `--json`. */
  json: { error: { code: string; message: string; hint: string | null } };
}

/** How an error is told. Anything but a `CtmgrError` is our own bug and says so, with its stack. */
export function describeError(error: unknown, version: string): ErrorReport {
  if (error instanceof CtmgrError) {
    // Messages repeat words of the command line, of files and of other programs.
    const lines = [`ctmgr: ${escapeControls(error.message)}`];
    if (error.why !== undefined)
      lines.push(
        ...error.why
          .trim()
          .split('\n')
          .map((line) => `  ${escapeControls(line)}`),
      );
    if (error.hint !== undefined) lines.push(`Try: ${escapeControls(error.hint)}`);
    const message = error.why === undefined ? error.message : `${error.message}: ${error.why}`;
    return {
      exitCode: error.exitCode,
      text: `${lines.join('\n')}\n`,
      json: { error: { code: error.code, message, hint: error.hint ?? null } },
    };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    exitCode: exitCodes.bug,
    text: escapeForTerminal(
      `ctmgr: this is a bug in ctmgr ${version} (Node ${process.version}): ${errorText(error)}\n${stack}\n`,
    ),
    json: { error: { code: 'bug', message: errorText(error), hint: null } },
  };
}
