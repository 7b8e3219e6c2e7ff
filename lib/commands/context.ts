import type { LoadedConfig } from '../config/load-config.ts';
import type { Paths } from '../config/paths.ts';
import type { Caller } from '../config/rights.ts';
import type { Config } from '../config/schema.ts';
import type { Store } from '../store/open.ts';

/** What a command may touch; made by the command line for one call and released after it. */
export interface Context {
  config: Config;
  loaded: LoadedConfig;
  paths: Paths;
  caller: Caller;
  /** Opens the store on first use; see `openStore` for its errors. */
  store(): Promise<Store>;
  /** Messages and progress on standard error. */
  terminal: Terminal;
  /** Aborted by the first SIGINT or SIGTERM. */
  interrupted: AbortSignal;
}

export interface Terminal {
  /** One line for the reader; never part of the answer. */
  say(line: string): void;
  /** Replaces a block of lines on a terminal; elsewhere does nothing, so that logs stay readable. */
  repaint(lines: string[]): void;
  /** Ends a block that `repaint` drew: what follows comes below it. */
  settle(): void;
  interactive: boolean;
}

/** What a command returns; only the command line prints it. `exitCode` is 0 if it is left out. */
export type Answer = TableAnswer | RecordAnswer | TextAnswer;

export interface TableAnswer {
  kind: 'table';
  columns: Column[];
  records: Record<string, unknown>[];
  /** Said on standard error when there are no records and a person reads. */
  empty?: string;
  exitCode?: number;
}

/** One thing: `record` for `--json`, `text` for people. */
export interface RecordAnswer {
  kind: 'record';
  record: Record<string, unknown>;
  text: string;
  exitCode?: number;
}

/** Text that is the answer itself: a definition file, a log. */
export interface TextAnswer {
  kind: 'text';
  text: string;
  exitCode?: number;
}

export interface Column {
  /** Stable key in `--json` and for `--format`. */
  key: string;
  title: string;
  align?: 'right';
  /** False: only shown when `--format` names it. */
  shown?: boolean;
  /** How people and line tools see the value; the plain text of it otherwise. */
  show?: (value: unknown) => string;
}

/** A module in `commands/`: reads its input, calls a domain, returns what it found. */
export interface CommandModule<Arguments> {
  run(argv: Arguments, context: Context): Promise<Answer>;
}
