import { readFileSync } from 'node:fs';
import * as v from 'valibot';

import { CtmgrError, isSystemError } from '../util/errors.ts';
import { parseToml } from './read-toml.ts';
import { type Config, configSchema } from './schema.ts';

/** Where the configuration is unless CTMGR_CONFIG names another file. */
export const defaultConfigPath = '/etc/ctmgr/config.toml';

/** The configuration together with what `ctmgr config` needs to say where a value came from. */
export interface LoadedConfig {
  config: Config;
  path: string;
  /** False if there is no such file, so that everything is a default. */
  exists: boolean;
  /** The file's own keys in dotted form, such as `paths.share`. */
  fromFile: Set<string>;
}

/** `CTMGR_CONFIG` names another file; it gives nobody more rights, since those are file modes and Slurm's own. */
export function configPath(environment: NodeJS.ProcessEnv = process.env): string {
  return environment['CTMGR_CONFIG'] || defaultConfigPath;
}

/**
 * Reads and validates config.toml. A missing file means defaults; unknown keys, wrong types and impossible values
 * are one error (exit 78) that names file, key, what was expected and what was found, for every offending key.
 */
export function loadConfig(path: string = configPath()): LoadedConfig {
  const source = readConfigFile(path);
  if (source === undefined) return { config: v.parse(configSchema, {}), path, exists: false, fromFile: new Set() };
  return { ...parseConfig(source, path), path, exists: true };
}

/** The same for a text, which stands in `path` or is to stand there. */
export function parseConfig(source: string, path: string): Pick<LoadedConfig, 'config' | 'fromFile'> {
  const raw = parseToml(source, `the configuration ${path}`);
  const result = v.safeParse(configSchema, raw);
  if (!result.success) {
    throw new CtmgrError('configuration', `the configuration ${path} is not valid`, {
      why: result.issues.map(describeIssue).join('; '),
      hint: 'correct the file; all keys: CTMGR_CONFIG=/dev/null ctmgr config',
    });
  }
  checkTogether(result.output, path);
  return { config: result.output, fromFile: new Set(dottedKeys(raw)) };
}

function readConfigFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw new CtmgrError('configuration', `cannot read the configuration ${path}`, {
      why: String(error),
      hint: `chmod 644 ${path}`,
      cause: error,
    });
  }
}

/** One complaint of valibot about a document, with the key in dotted form. */
export function describeIssue(issue: v.BaseIssue<unknown>): string {
  const key = (issue.path ?? []).map((item) => String(item.key)).join('.');
  if (issue.type === 'strict_object') return `${key}: unknown key (expected one that \`ctmgr config\` lists)`;
  return `${key}: expected ${issue.expected ?? issue.message}, found ${issue.received}`;
}

/** What no single key can say: names that have to exist elsewhere in the file. */
function checkTogether(config: Config, path: string): void {
  const wanted = config.build.class;
  if (wanted !== 'default' && !Object.hasOwn(config.classes, wanted)) {
    throw new CtmgrError('configuration', `the configuration ${path} is not valid`, {
      why: `build.class: expected the name of a table [classes.NAME], found ${JSON.stringify(wanted)}`,
    });
  }
  for (const [name, { larger }] of Object.entries(config.classes)) {
    if (larger === undefined || (larger !== name && Object.hasOwn(config.classes, larger))) continue;
    throw new CtmgrError('configuration', `the configuration ${path} is not valid`, {
      why: `classes.${name}.larger: expected the name of another table [classes.NAME], found ${JSON.stringify(larger)}`,
    });
  }
}

/** The keys of a parsed TOML document, tables written with dots; arrays count as values. */
export function dottedKeys(value: Record<string, unknown>, prefix = ''): string[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const name = prefix === '' ? key : `${prefix}.${key}`;
    const isTable = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
    return isTable ? dottedKeys(inner as Record<string, unknown>, name) : [name];
  });
}
