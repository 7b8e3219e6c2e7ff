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

const words = v.nullish(v.array(v.string()));
const number = v.nullish(v.number());
const configSchema = v.object({
  Env: words,
  WorkingDir: v.nullish(v.string()),
  User: v.nullish(v.string()),
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

/** Configurations by the reference that FROM names; `*` is for all of which none is given by name. */
export type BaseConfigs = ReadonlyMap<string, BaseConfig>;

/**
 * Reads what `--base-config` names: the configuration of the base image as `skopeo inspect --config`, `docker image inspect` or
 * `crane config` print it, or an object with one such document for each reference. Throws CtmgrError `badDefinition`.
 */
export function readBaseConfigs(text: string, what: string): BaseConfigs {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new CtmgrError('badDefinition', `${what} is not JSON`, { why: errorText(error), cause: error });
  }
  const single = Array.isArray(document) ? (document[0] as unknown) : document;
  if (isObject(single) && Object.keys(single).some((key) => imageKeys.has(key))) {
    return new Map([['*', readConfig(single, what)]]);
  }
  if (!isObject(document)) throw new CtmgrError('badDefinition', `${what} is not the configuration of an image`);
  return new Map(
    Object.entries(document).map(([reference, config]) => [
      reference,
      readConfig(config, `${what}, ${quote(reference)}`),
    ]),
  );
}

/** Keys by which the document of an image is told from a list of such documents. */
const imageKeys = new Set(
  ['config', 'Config', 'architecture', 'Architecture', 'os', 'rootfs', 'history', 'Id', 'RepoTags'].concat(
    Object.keys(configSchema.entries),
  ),
);

function readConfig(document: unknown, what: string): BaseConfig {
  const inner = isObject(document) ? (document['config'] ?? document['Config'] ?? document) : document;
  const parsed = v.safeParse(configSchema, inner);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const where = v.getDotPath(issue);
    throw new CtmgrError('badDefinition', `${what} is not the configuration of an image`, {
      why: where === null ? issue.message : `${where}: ${issue.message}`,
      hint: 'skopeo inspect --config docker://IMAGE',
    });
  }
  const { output: config } = parsed;
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

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
