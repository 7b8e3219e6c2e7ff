import type { Answer } from '../commands/context.ts';
import { CtmgrError, isSystemError } from '../util/errors.ts';
import { escapeForTerminal } from '../util/escape-controls.ts';
import { formatTable } from './table.ts';

export interface OutputOptions {
  json: boolean;
  parsable: boolean;
  header: boolean;
  format?: string;
  /** Standard output is a terminal, which would obey what stands in a log or in somebody's Dockerfile. */
  terminal?: boolean;
}

/** What standard output gets for an answer. */
export function formatAnswer(answer: Answer, options: OutputOptions): string {
  const text = answerText(answer, options);
  return options.terminal === true ? escapeForTerminal(text) : text;
}

function answerText(answer: Answer, options: OutputOptions): string {
  switch (answer.kind) {
    case 'table': {
      if (options.json) return toJson(answer.records);
      if (answer.records.length === 0 && !options.parsable && options.format === undefined) return '';
      return formatTable(answer.columns, answer.records, options);
    }
    case 'record':
      return options.json ? toJson(answer.record) : answer.text;
    case 'text':
      return options.json ? toJson({ text: answer.text }) : answer.text;
  }
}

/** One document, keys as given, ending with a newline. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * Writes to standard output and waits until it has left the process. A reader that stopped reading (`| head`) is no
 * error: resolves to false then. Anything else, such as a full disk behind `>`, is one (73).
 */
export function writeOutput(text: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null | undefined): void => {
      if (error === null || error === undefined) {
        process.stdout.off('error', settle);
        resolve(true);
        return;
      }
      if (isSystemError(error, 'EPIPE')) resolve(false);
      else {
        const hint = 'make room where the output goes';
        reject(new CtmgrError('cannotCreate', 'cannot write to standard output', { why: error.message, hint }));
      }
    };
    process.stdout.once('error', settle);
    process.stdout.write(text, settle);
  });
}
