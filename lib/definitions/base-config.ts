import * as v from 'valibot';
import { CtmgrError, errorText } from '../util/errors.ts';
import { quote } from '../util/names.ts';
import type { HealthCheck } from './recipe-plan.ts';

/** What an image brings for those that are based on it. */
export interface BaseConfig {
  environment: ReadonlyMap<string, string>;
  /** Absolute. */
  workdir: string;
  user: string;
  shell: string[] | undefined;
  entrypoint: string[];
  cmd: string[];
  labels: Record<string, string>;
  exposed: string[];
  volumes: string[];
  stopSignal: string;
  healthcheck: HealthCheck | null;
  onbuild: string[];
}

/** What a stage from nothing starts with. */
export const emptyConfig: BaseConfig = {
  environment: new Map(),
  workdir: '/',
  user: '',
  shell: undefined,
  entrypoint: [],
  cmd: [],
  labels: {},
  exposed: [],
  volumes: [],
  stopSignal: '',
  healthcheck: null,
  onbuild: [],
};

const words = v.nullish(v.array(v.string()));
const number = v.nullish(v.number());
const configSchema = v.object({
  Env: words,
  WorkingDir: v.nullish(v.string()),
  // What USER may be, see `convertUser`.
  User: v.nullish(v.pipe(v.string(), v.regex(/^$|^[\w.][\w.-]*\$?(:([\w.][\w.-]*)?)?$/))),
  Shell: words,
  Entrypoint: words,
  Cmd: words,
  Labels: v.nullish(v.record(v.string(), v.string())),
  ExposedPorts: v.nullish(v.record(v.string(), v.unknown())),
  Volumes: v.nullish(v.record(v.string(), v.unknown())),
  StopSignal: v.nullish(v.string()),
  OnBuild: words,
  Healthcheck: v.nullish(
    v.object({
      Test: words,
      Interval: number,
      Timeout: number,
      StartPeriod: number,
      StartInterval: number,
      Retries: number,
    }),
  ),
});

/** Prints what `--base-config` is to hold. */
const configHint = 'skopeo inspect --config docker://IMAGE';

/** Configurations by the reference that FROM names; `*` is for all of which none is given by name. */
export type BaseConfigs = ReadonlyMap<string, BaseConfig>;

/**
 * Takes apart what `--base-config` names: the configuration of the base image as `skopeo inspect --config`, `docker image inspect` or
 * `crane config` print it, or an object with one such document for each reference; the key `*` is for all images. The documents are not
 * checked yet. Throws CtmgrError `badDefinition`.
 */
export function splitConfigFile(text: string, what: string): Map<string, unknown> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new CtmgrError('badDefinition', `${what} is not JSON`, {
      why: errorText(error),
      hint: configHint,
      cause: error,
    });
  }
  const single = Array.isArray(document) ? (document[0] as unknown) : document;
  if (isObject(single) && Object.keys(single).some((key) => imageKeys.has(key))) return new Map([['*', single]]);
  if (!isObject(document)) {
    throw new CtmgrError('badDefinition', `${what} is not the configuration of an image`, { hint: configHint });
  }
  return new Map(Object.entries(document));
}

/** All of what `--base-config` names. Throws CtmgrError `badDefinition`. */
export function readBaseConfigs(text: string, what: string): BaseConfigs {
  const configs = [...splitConfigFile(text, what)];
  return new Map(
    configs.map(([reference, document]) => [reference, readConfig(document, `${what}, ${quote(reference)}`)]),
  );
}

/** Keys by which the document of an image is told from a list of such documents. */
const imageKeys = new Set(
  ['config', 'Config', 'architecture', 'Architecture', 'os', 'rootfs', 'history', 'Id', 'RepoTags'].concat(
    Object.keys(configSchema.entries),
  ),
);

/**
 * The part of an image's configuration that counts for images based on it, as text; the same for two configurations that differ in
 * nothing else. `readConfig` takes its JSON document like any other. Throws CtmgrError `badDefinition`.
 */
export function configText(document: unknown, what: string): string {
  return JSON.stringify({ config: selectConfig(document, what) });
}

function selectConfig(document: unknown, what: string): v.InferOutput<typeof configSchema> {
  const inner = isObject(document) ? (document['config'] ?? document['Config'] ?? document) : document;
  const parsed = v.safeParse(configSchema, inner);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const where = v.getDotPath(issue);
    throw new CtmgrError('badDefinition', `${what} is not the configuration of an image`, {
      why: where === null ? issue.message : `${where}: ${issue.message}`,
      hint: configHint,
    });
  }
  if (holdsNul(parsed.output))
    throw new CtmgrError('badDefinition', `${what} holds a NUL character`, { hint: 'mend the base image' });
  return parsed.output;
}

/** Reads the configuration of one image. Throws CtmgrError `badDefinition`. */
export function readConfig(document: unknown, what: string): BaseConfig {
  const config = selectConfig(document, what);
  const health = config.Healthcheck;
  return {
    environment: new Map((config.Env ?? []).map((pair) => splitPair(pair))),
    workdir: config.WorkingDir?.startsWith('/') ? config.WorkingDir : '/',
    user: config.User ?? '',
    shell: config.Shell?.length ? config.Shell : undefined,
    entrypoint: config.Entrypoint ?? [],
    cmd: config.Cmd ?? [],
    labels: config.Labels ?? {},
    exposed: Object.keys(config.ExposedPorts ?? {}),
    volumes: Object.keys(config.Volumes ?? {}),
    stopSignal: config.StopSignal ?? '',
    healthcheck: health?.Test?.length
      ? {
          test: health.Test,
          ...(health.Interval ? { interval: health.Interval } : {}),
          ...(health.Timeout ? { timeout: health.Timeout } : {}),
          ...(health.StartPeriod ? { startPeriod: health.StartPeriod } : {}),
          ...(health.StartInterval ? { startInterval: health.StartInterval } : {}),
          ...(health.Retries ? { retries: health.Retries } : {}),
        }
      : null,
    onbuild: config.OnBuild ?? [],
  };
}

function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
}

function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  return typeof value === 'object' && value !== null && Object.entries(value).flat().some(holdsNul);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
