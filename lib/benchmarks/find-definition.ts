import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { packageRoot } from '../config/paths.ts';
import type { Config } from '../config/schema.ts';
import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';
import { quote } from '../util/names.ts';
import { type Definition, readDefinition } from './definition.ts';

/** A benchmark with the files that define it. */
export interface FoundBenchmark {
  name: string;
  definition: Definition;
  /** The text of `run.sh.mustache`. */
  template: string;
  /** Where that was read from, for messages. */
  templatePath: string;
  /** True if a file of the site takes part. */
  ofSite: boolean;
}

const namePattern = /^[a-z0-9][a-z0-9_-]{0,30}$/;

/** The names of all benchmarks, ctmgr's own and the site's, sorted. */
export async function listBenchmarks(config: Config): Promise<string[]> {
  const names = (await Promise.all(folders(config).map(namesIn))).flat();
  return [...new Set(names.filter((name) => namePattern.test(name)))].sort();
}

/**
 * The benchmark of that name: `benchmark.toml` and `run.sh.mustache`, each from the site's folder (`paths.benchmarks`) if it
 * is there, else from ctmgr's own. Throws CtmgrError: 66 if there is none, 78 if a file is missing or wrong.
 */
export async function findBenchmark(config: Config, name: string): Promise<FoundBenchmark> {
  const toml = namePattern.test(name) ? await readFirst(config, name, 'benchmark.toml') : undefined;
  if (toml === undefined) {
    throw new CtmgrError('inputMissing', `there is no benchmark ${quote(name)}`, { hint: 'ctmgr bench list' });
  }
  const script = await readFirst(config, name, 'run.sh.mustache');
  if (script === undefined) {
    throw new CtmgrError('configuration', `the benchmark ${name} has no run.sh.mustache`, {
      hint: `write ${join(config.paths.benchmarks, name, 'run.sh.mustache')}`,
    });
  }
  return {
    name,
    definition: readDefinition(toml.text, toml.path),
    template: script.text,
    templatePath: script.path,
    ofSite: [toml, script].some(({ path }) => path === join(config.paths.benchmarks, name, lastName(path))),
  };
}

function folders(config: Config): string[] {
  return [config.paths.benchmarks, join(packageRoot(), 'bench')];
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map(({ name }) => name);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw unreadable(folder, error);
  }
}

async function readFirst(
  config: Config,
  name: string,
  file: string,
): Promise<{ path: string; text: string } | undefined> {
  for (const folder of folders(config)) {
    const path = join(folder, name, file);
    try {
      return { path, text: await readFile(path, 'utf8') };
    } catch (error) {
      if (!isSystemError(error, 'ENOENT', 'ENOTDIR')) throw unreadable(path, error);
    }
  }
  return undefined;
}

function unreadable(path: string, cause: unknown): CtmgrError {
  return new CtmgrError('configuration', `cannot read ${path}`, { why: errorText(cause), cause });
}
