import { createHash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';
import { quote } from '../util/names.ts';
import { compareText, EntryError, listNames, readEntry, readTree } from './context-entries.ts';
import type { ContextEntry, ContextManifest } from './context-manifest.ts';
import { buildStages } from './build-stages.ts';
import { layOutContext, mountCopies } from './copy-layout.ts';
import { type Fail, findSources, followLinks, linkRefusal } from './find-sources.ts';
import { compileIgnore, PatternSyntaxError, readIgnoreFile } from './ignore-patterns.ts';
import { archiveFormat } from './is-archive.ts';
import { matchesNothing } from './copy-members.ts';
import type { CopyStep, PlanWarning, RecipePlan } from './recipe-plan.ts';
import { Refusal, type RefusalDetails, showWord, throwRefusals } from './refusal.ts';
import { hasGlob, readSourcePattern, SourceError } from './source-pattern.ts';

/**
 * Expands the sources of all COPY and ADD steps and bind mounts inside `contextDir` and reads what they select, without what
 * `.dockerignore` excludes (`<Dockerfile>.dockerignore` goes before it). A plan that reads nothing gets an empty manifest and
 * needs no context.
 * Throws CtmgrError `inputMissing` if there is no context, and `badDefinition` that names the line of every source which is
 * missing, outside the context or cannot be converted.
 */
export async function selectContext(
  plan: RecipePlan,
  contextDir: string | undefined,
  dockerfile?: string,
): Promise<ContextManifest> {
  const steps = contextCopies(plan);
  const [first] = steps;
  if (!first) return makeManifest([]);
  if (contextDir === undefined) {
    throw new CtmgrError('inputMissing', `Dockerfile line ${first.line} copies files, but there is no build context`, {
      why: quote(first.instruction),
      hint: 'give the folder with these files as --context DIR',
    });
  }
  const root = await resolveRoot(contextDir);
  const ignored = await readIgnore(root, dockerfile);
  const selected = new Map<string, ContextEntry>();
  const refusals: RefusalDetails[] = [];
  for (const step of steps) {
    try {
      for (const entry of await selectStep(root, step, ignored)) {
        const earlier = selected.get(entry.path);
        selected.set(entry.path, earlier?.type === 'file' && earlier.archive ? earlier : entry);
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refusals.push(error.details);
    }
  }
  throwRefusals(refusals);
  const manifest = makeManifest([...selected.values()]);
  layOutContext(plan, manifest);
  return manifest;
}

/** A warning for each step whose patterns all match nothing, which Docker passes over too. */
export function warnEmptyPatterns(plan: RecipePlan, manifest: ContextManifest): PlanWarning[] {
  return contextCopies(plan)
    .filter((step) => matchesNothing(step, manifest))
    .map(({ line, sources }) => ({
      line,
      code: 'empty-pattern',
      message: `nothing in the build context matches ${sources.map(showWord).join(' ')}: nothing is copied`,
    }));
}

/** The steps that read the build context, bind mounts included, each once. */
function contextCopies(plan: RecipePlan): CopyStep[] {
  const steps = new Map<string, CopyStep>();
  for (const { key, step } of buildStages(plan).flatMap((stage) => stage.steps)) {
    const copies = step.kind === 'run' ? mountCopies(key, step) : step.kind === 'copy' ? [{ key, step }] : [];
    for (const copy of copies) {
      if (!copy.step.from && !copy.step.inline && !copy.step.remote) steps.set(copy.key, copy.step);
    }
  }
  return [...steps.values()].toSorted((a, b) => a.line - b.line);
}

type Ignored = (path: string) => boolean;

async function readIgnore(root: string, dockerfile: string | undefined): Promise<Ignored> {
  const files = [...(dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`]), join(root, '.dockerignore')];
  for (const file of files) {
    try {
      if (!(await stat(file)).isFile()) throw new Error('it is not a regular file');
      return compileIgnore(readIgnoreFile(await readFile(file, 'utf8')));
    } catch (error) {
      if (isSystemError(error, 'ENOENT', 'ENOTDIR')) continue;
      throw new CtmgrError('badDefinition', `cannot use ${file}`, {
        why: errorText(error),
        hint: 'mend or remove this file; docker build reads it, too',
        cause: error,
      });
    }
  }
  return () => false;
}

/** Sorts the entries and computes the digest over them. */
export function makeManifest(entries: readonly ContextEntry[]): ContextManifest {
  const sorted = entries.toSorted((a, b) => compareText(a.path, b.path));
  const lines = sorted.map((entry) =>
    JSON.stringify(
      entry.type === 'file'
        ? [entry.type, entry.path, entry.mode, entry.size, entry.sha256]
        : [entry.type, entry.path, entry.type === 'directory' ? entry.mode : entry.target],
    ),
  );
  return { entries: sorted, digest: `sha256:${createHash('sha256').update(lines.join('\n')).digest('hex')}` };
}

async function resolveRoot(contextDir: string): Promise<string> {
  try {
    const root = await realpath(contextDir);
    await listNames(root, '');
    return root;
  } catch (error) {
    throw new CtmgrError('inputMissing', `the build context ${contextDir} cannot be read`, {
      why: errorText(error),
      hint: 'give a folder as --context DIR',
    });
  }
}

async function selectStep(root: string, step: CopyStep, ignored: Ignored): Promise<ContextEntry[]> {
  // Lists in a list: a call takes no more than some 120,000 arguments, and a folder may hold more files than that.
  const parts: ContextEntry[][] = [];
  const keyword = (/^\S+/.exec(step.instruction)?.[0] ?? '').toUpperCase();
  let sourceCount = 0;
  for (const source of step.sources) {
    const fail: Fail = (code, reason, wayOut) =>
      new Refusal({ code, line: step.line, instruction: keyword, reason: `${quote(source)} ${reason}`, wayOut });
    try {
      compileIgnore(step.exclude ?? []);
      const pattern = readSourcePattern(source, step.parents);
      const passed: ContextEntry[] = [];
      const found = await findSources(root, pattern, step.parents === true, passed, fail);
      const keptParts: ContextEntry[][] = [];
      for (const top of found) {
        if (step.parents && top.type === 'symlink') throw linkRefusal(top, fail);
        const links: ContextEntry[] = [];
        const entry = top.type === 'symlink' ? await followLinks(root, top.path, links, fail) : top;
        if (!entry || links.some(({ path }) => ignored(path))) continue;
        const below = entry.type === 'directory' ? await readTree(root, entry.path) : [];
        const wanted = keepWanted(below, ignored);
        const isKept = entry.path === '' || !ignored(entry.path) || wanted.length > 0;
        if (!isKept) continue;
        const mayUnpack = step.add && step.unpack !== false && entry.type === 'file';
        const archive = mayUnpack ? await archiveFormat(join(root, entry.path)) : undefined;
        keptParts.push([entry.type === 'file' && archive ? { ...entry, archive } : entry], wanted, links);
        sourceCount += 1;
      }
      const kept = keptParts.flat();
      if (kept.length === 0 && found.length > 0 && !hasGlob(pattern))
        throw fail('missing-source', 'is excluded by .dockerignore', 'add a line !NAME to .dockerignore');
      if (kept.length === 0 && !hasGlob(pattern))
        throw fail('missing-source', 'is not in the build context', 'check the name and --context DIR');
      parts.push(
        kept.filter(({ path }) => path !== ''),
        passed,
      );
      if (step.parents) for (const { path } of kept) parts.push(await readParents(root, path));
    } catch (error) {
      if (error instanceof SourceError) throw fail('source', error.message, 'name files inside the build context');
      if (error instanceof PatternSyntaxError)
        throw fail('syntax', `cannot be read: ${error.message}`, 'check --exclude');
      if (error instanceof EntryError)
        throw fail('source', `cannot be copied: ${error.message}`, 'correct the build context');
      throw error;
    }
  }
  if (sourceCount > 1 && !step.destination.endsWith('/')) {
    throw new Refusal({
      line: step.line,
      instruction: keyword,
      code: 'destination',
      reason: `${sourceCount} sources need a destination that ends with /`,
      wayOut: `write ${step.destination}/`,
    });
  }
  return parts.flat();
}

/** Without what is ignored; a folder stays if something in it does. */
function keepWanted(entries: readonly ContextEntry[], ignored: Ignored): ContextEntry[] {
  const kept = entries.filter(({ path }) => !ignored(path));
  const folders = new Set(kept.flatMap(({ path }) => foldersAbove(path)));
  return entries.filter((entry) => !ignored(entry.path) || (entry.type === 'directory' && folders.has(entry.path)));
}

/** The folders that `--parents` makes too. */
async function readParents(root: string, path: string): Promise<ContextEntry[]> {
  const found = await Promise.all(foldersAbove(path).map((folder) => readEntry(root, folder)));
  return found.filter((entry) => entry !== null);
}

/** `a/b` and `a` for `a/b/c`. */
function foldersAbove(path: string): string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}
