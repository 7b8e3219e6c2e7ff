import { CtmgrError } from '../util/errors.ts';
import { quote } from '../util/names.ts';
import { type ProblemCode, problemCodes } from './problem-codes.ts';
import type { PlanWarning } from './recipe-plan.ts';

/** Why one instruction is wrong or cannot be converted. */
export interface RefusalDetails {
  code: ProblemCode;
  /** Counted from 1; 0 for the file as a whole. */
  line: number;
  /** The instruction's keyword in capitals; empty for the file as a whole. */
  instruction: string;
  reason: string;
  /** What the author can write instead. */
  wayOut?: string;
}

/** Thrown while one instruction is read; `throwRefusals` makes one CtmgrError of all that a file gives. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly details: RefusalDetails;

  constructor(details: RefusalDetails) {
    super(describe(details));
    this.details = details;
  }
}

const shownRefusals = 10;

/** What to do about a problem that is clear enough by itself. */
const defaultWayOut = {
  invalid: 'see https://docs.docker.com/reference/dockerfile/',
  refused: 'build the image with buildah bud --format docker, and use its docker-archive',
  warning: 'leave --strict out',
} as const;

/** Throws `badDefinition` with the first refusal as message and way out, and the others as why; returns if there are none. */
export function throwRefusals(refusals: readonly RefusalDetails[], subject = 'Dockerfile'): void {
  const [first, ...others] = refusals;
  if (!first) return;
  const shown = others.slice(0, shownRefusals).map(describe);
  if (others.length > shownRefusals) shown.push(`and ${others.length - shownRefusals} more`);
  throw new CtmgrError('badDefinition', `${subject} ${describe(first)}`, {
    ...(shown.length > 0 ? { why: `Also ${shown.join('; ')}` } : {}),
    hint: first.wayOut ?? defaultWayOut[problemCodes[first.code][0]],
  });
}

/** Throws `badDefinition` for warnings, as `--strict` wants it; returns if there are none. */
export function throwWarnings(warnings: readonly PlanWarning[]): void {
  throwRefusals(
    warnings.map(({ line, code, message }) => ({ code: code as ProblemCode, line, instruction: '', reason: message })),
  );
}

/** A refusal of the file as a whole. */
export function wholeFile(code: ProblemCode, reason: string, wayOut: string): RefusalDetails {
  return { code, line: 0, instruction: '', reason, wayOut };
}

/** Anything from the file as a message may show it: quoted and cut unless it is an ordinary word. */
export function showWord(text: string): string {
  return /^[\w#/. -]{1,80}$/.test(text) ? text : quote(text);
}

function describe({ line, instruction, reason, code }: RefusalDetails): string {
  const place = [line > 0 ? `line ${line}` : '', instruction === '' ? '' : showWord(instruction)]
    .filter((word) => word !== '')
    .join(', ');
  return `${place === '' ? '' : `${place}: `}${reason} [${code}]`;
}
