import type { Answer } from '../commands/context.ts';
import { formatTable } from './table.ts';

export interface OutputOptions {
  json: boolean;
  parsable: boolean;
  header: boolean;
  format?: string;
}

/** What standard output gets for an answer. */
export function formatAnswer(answer: Answer, options: OutputOptions): string {
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
 * error: resolves to false then.
 */
export function writeOutput(text: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    process.stdout.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') resolve(false);
      else reject(error);
    });
    process.stdout.write(text, () => resolve(true));
  });
}
