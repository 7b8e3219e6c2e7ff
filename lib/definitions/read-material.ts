import { resolve } from 'node:path';

import type { RegistrySettings } from '../registry/http-request.ts';
import type { ContentKind } from '../store/schema.ts';
import { CtmgrError } from '../util/errors.ts';
import { quote } from '../util/names.ts';
import { selectContext, warnEmptyPatterns } from './build-context.ts';
import type { ContextManifest } from './context-manifest.ts';
import { type KnownBase, knownConfigs, readConfigFile } from './known-base.ts';
import { type AskOwn, describeUnknown, learnBases, type UnknownBase } from './learn-bases.ts';
import { parseDockerfile } from './parse-dockerfile.ts';
import { platformName, requirePlatform } from './platform.ts';
import { readText } from './read-text.ts';
import type { RecipePlan } from './recipe-plan.ts';
import { refuseDefinitionFile } from './refuse-definition-file.ts';
import { throwWarnings } from './refusal.ts';
import type { ParseOptions } from './resolve-dockerfile.ts';

export interface MaterialRequest {
  dockerfile: string;
  context: string | undefined;
  buildArgs: Record<string, string>;
  /** Name or number of a stage; the last one by default. */
  target?: string | undefined;
  /** `linux/arm64`; that of the machine by default. */
  platform?: string | undefined;
  /** Path of a file with the configuration of base images. */
  baseConfig?: string | undefined;
  /** Warnings are refusals. */
  strict?: boolean;
  /** Registries are asked for the configuration of base images; absent: they are not. */
  registries?: RegistrySettings | undefined;
}

/** What was read and checked before the store is touched. */
export interface Material {
  text: string;
  plan: RecipePlan;
  manifest: ContextManifest;
  /** The platform in its one name; null if none was asked for. */
  platform: string | null;
  bases: KnownBase[];
  /** Sentences about registries that did not tell. */
  notes: string[];
  kind: ContentKind;
  /** Where it was read from, as the history shows it. */
  origin: string;
}

/** The newest version of the recipe and what was known of its base images. */
export interface EarlierVersion {
  version: number;
  platform: string | null;
  bases: KnownBase[];
}

/**
 * Reads a Dockerfile, its context, and what its base images set. A registry that does not tell is no reason to refuse, unless the
 * Dockerfile uses variables that only the base image has: what the newest version knew is taken, or a note and a warning say what is
 * assumed. Throws CtmgrError `badDefinition`, `inputMissing`, `usage`; `unavailable` or `notAllowed` where the registry's answer is needed,
 * which is always so with `strict`.
 */
export async function readMaterial(
  request: MaterialRequest,
  earlier: EarlierVersion | undefined,
  askOwn: AskOwn,
): Promise<Material> {
  const { dockerfile, buildArgs, target, baseConfig: file } = request;
  const hint = `ctmgr import ${dockerfile}/Dockerfile --context ${dockerfile} …`;
  const text = await readText(dockerfile, 'Dockerfile', hint);
  refuseDefinitionFile(text, dockerfile);
  const platform = request.platform === undefined ? null : linuxPlatform(request.platform);
  const options = { buildArgs, target, platform: platform ?? undefined };
  const given = file === undefined ? [] : readConfigFile(await readText(file, 'image configuration'), file);
  const before = earlier?.platform === platform ? earlier : undefined;
  const { bases, unknown, notes } = await findBases(text, options, given, request, before, askOwn);
  const plan = parse(text, { ...options, baseConfigs: knownConfigs(bases) }, unknown);
  if (request.strict) throwWarnings(plan.warnings);
  const manifest = await selectContext(plan, request.context, dockerfile);
  plan.warnings.push(...warnEmptyPatterns(plan, manifest));
  if (request.strict) throwWarnings(plan.warnings);
  return { text, plan, manifest, platform, bases, notes, kind: 'dockerfile', origin: resolve(dockerfile) };
}

async function findBases(
  text: string,
  options: ParseOptions,
  given: KnownBase[],
  { registries, strict }: MaterialRequest,
  before: EarlierVersion | undefined,
  askOwn: AskOwn,
): Promise<{ bases: KnownBase[]; unknown: UnknownBase[]; notes: string[] }> {
  const earlier = (before?.bases ?? []).filter(({ origin }) => origin === 'registry');
  const { known, unknown } = await learnBases(text, options, given, earlier, registries, askOwn);
  const [first] = unknown;
  if (strict && first) throw first.error;
  const remembered = unknown.flatMap(({ reference }) => earlier.find((base) => base.reference === reference) ?? []);
  const missing = unknown.filter(({ reference }) => remembered.every((base) => base.reference !== reference));
  const notes = unknown.map((base) =>
    missing.includes(base)
      ? describeUnknown(base)
      : `${describeUnknown(base)}; what version ${before?.version} knew is taken`,
  );
  return { bases: [...known, ...remembered], unknown: missing, notes };
}

/** What follows from not knowing a base image is told as that, and not as a mistake in the Dockerfile. */
function parse(text: string, options: ParseOptions, unknown: readonly UnknownBase[]): RecipePlan {
  const [first] = unknown;
  let plan: RecipePlan;
  try {
    plan = parseDockerfile(text, options);
  } catch (error) {
    if (!(error instanceof CtmgrError) || first === undefined) throw error;
    const why = `${error.why === undefined ? '' : `${error.why}. `}This may come of the base image: ${describeUnknown(first)}`;
    throw new CtmgrError(error.code, error.message, { why, hint: wayOut, cause: error });
  }
  const needing = plan.warnings.find(({ code }) => code === 'base-variable');
  if (first === undefined || needing === undefined) return plan;
  throw new CtmgrError(first.error.code, `Dockerfile line ${needing.line} needs what only its base image can tell`, {
    why: describeUnknown(first),
    hint: wayOut,
    cause: first.error,
  });
}

const wayOut = '--base-config FILE tells it, --no-pull-config goes on without; or import again later';

/** Apptainer's images are for Linux. */
function linuxPlatform(text: string): string {
  const platform = requirePlatform(text);
  if (platform.os === 'linux') return platformName(platform);
  throw new CtmgrError('usage', `images cannot be built for ${quote(text)}`, { hint: '--platform linux/amd64' });
}
