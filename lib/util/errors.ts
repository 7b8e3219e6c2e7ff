import { types } from 'node:util';

/** Exit codes of sysexits(3) plus 1 (a build, job or check failed) and 130 (interrupted). */
export const exitCodes = {
  failed: 1,
  usage: 64,
  badDefinition: 65,
  inputMissing: 66,
  unavailable: 69,
  bug: 70,
  cannotCreate: 73,
  tryAgain: 75,
  notAllowed: 77,
  configuration: 78,
  interrupted: 130,
} as const;

export type ErrorCode = keyof typeof exitCodes;

export interface ErrorDetails {
  /** Why it failed: one sentence, or the other program's own words. */
  why?: string;
  /** What the reader can do next; printed after `Try: `. */
  hint?: string;
  cause?: unknown;
}

/**
 * An error that explains itself: what failed (`message`), why, and what to do next.
 * Everything that a user can meet is one of these; any other error that reaches `main` counts as our bug (exit 70).
 */
export class CtmgrError extends Error {
  override readonly name = 'CtmgrError';
  readonly code: ErrorCode;
  readonly why: string | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.why = details.why;
    this.hint = details.hint;
  }

  /** The exit status that the program ends with, see `exitCodes`. */
  get exitCode(): number {
    return exitCodes[this.code];
  }
}

/** The text of anything that was thrown, in one line. */
export function errorText(error: unknown): string {
  return types.isNativeError(error) ? error.message : String(error);
}

/** True for a Node system error (`ENOENT`, `EACCES` …) with one of these codes. */
export function isSystemError(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  return types.isNativeError(error) && codes.includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Like `errorText`; of a system error without the call and its paths, such as `ENOSPC: no space left on device`. */
export function briefErrorText(error: unknown): string {
  const text = errorText(error);
  return types.isNativeError(error) && 'syscall' in error ? text.replace(/, \w+( '.*)?$/s, '') : text;
}
