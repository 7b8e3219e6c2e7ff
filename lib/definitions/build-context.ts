import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { CtmgrError, errorText } from '../util/errors.ts';
import { quote } from '../util/names.ts';
import { compareText, EntryError, listNames, readEntry, readTree } from './context-entries.ts';
import type { ContextEntry, ContextManifest } from './context-manifest.ts';
import { isArchive } from './is-archive.ts';
import type { CopyStep, RecipePlan } from './recipe-plan.ts';
import { Refusal, type RefusalDetails, showWord, throwRefusals } from './refusal.ts';
import { hasGlob, readSourcePattern, SourceError, type SourcePattern } from './source-pattern.ts';

/**
 * Expands the sources of all COPY and ADD steps inside `contextDir` and reads what they select.
 * A plan without COPY gets an empty manifest and needs no context.
 * Throws CtmgrError `inputMissing` if there is no context, and `badDefinition` that names the line of every source which is
 * missing, outside the context or cannot be converted.
 */
export async function selectContext(plan: RecipePlan, contextDir: string | undefined): Promise<ContextManifest> {
  const steps = plan.steps.filter((step) => step.kind === 'copy');
  const [first] = steps;
  if (!first) return makeManifest([]);
  if (contextDir === undefined) {
    throw new CtmgrError('inputMissing', `Dockerfile line ${first.line} copies files, but there is no build context`, {
      why: quote(first.instruction),
      hint: 'give the folder with these files as --context DIR',
    });
  }
  const root = await resolveRoot(contextDir);
  const selected = new Map<string, ContextEntry>();
  const refusals: RefusalDetails[] = [];
  for (const step of steps) {
    try {
      for (const entry of await selectStep(root, step)) selected.set(entry.path, entry);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refusals.push(error.details);
    }
  }
  throwRefusals(refusals);
  return makeManifest([...selected.values()]);
}

/** Sorts the entries and computes the digest over them. */
function makeManifest(entries: readonly ContextEntry[]): ContextManifest {
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

async function selectStep(root: string, step: CopyStep): Promise<ContextEntry[]> {
  const entries: ContextEntry[] = [];
  let sourceCount = 0;
  for (const source of step.sources) {
    const fail = (code: string, reason: string, wayOut: string) =>
      new Refusal({
        code,
        line: step.line,
        instruction: step.add ? 'ADD' : 'COPY',
        reason: `${quote(source)} ${reason}`,
        wayOut,
      });
    try {
      const pattern = readSourcePattern(source);
      const found = await findSources(root, pattern);
      if (found.length === 0 && !hasGlob(pattern)) {
        throw fail('missing-source', 'is not in the build context', 'check the name and --context DIR');
      }
      for (const entry of found) {
        if (entry.type === 'symlink') throw await linkRefusal(root, entry.path, fail);
        if (step.add && entry.type === 'file' && (await isArchive(join(root, entry.path)))) {
          throw fail('add-archive', 'is an archive, which ADD would unpack', 'unpack it in the context, or use COPY');
        }
      }
      const wide = hasGlob(pattern) || found.some((entry) => entry.type === 'directory');
      if (wide && (await listNames(root, '')).some((name) => name.endsWith('.dockerignore'))) {
        throw fail(
          'dockerignore',
          'may hold files that .dockerignore excludes, which is not converted yet',
          'name single files, or remove .dockerignore',
        );
      }
      sourceCount += found.length;
      for (const entry of found) {
        if (entry.path !== '') entries.push(entry);
        if (entry.type === 'directory') entries.push(...(await readTree(root, entry.path)));
      }
    } catch (error) {
      if (error instanceof SourceError) throw fail('source', error.message, 'name files inside the build context');
      if (error instanceof EntryError)
        throw fail('source', `cannot be copied: ${error.message}`, 'correct the build context');
      throw error;
    }
  }
  const problem =
    sourceCount === 0
      ? {
          code: 'missing-source',
          reason: 'no source is in the build context',
          wayOut: 'check the patterns and --context DIR',
        }
      : sourceCount > 1 && !step.destination.endsWith('/')
        ? {
            code: 'syntax',
            reason: `${sourceCount} sources need a destination that ends with /`,
            wayOut: `write ${step.destination}/`,
          }
        : undefined;
  if (problem) throw new Refusal({ line: step.line, instruction: step.add ? 'ADD' : 'COPY', ...problem });
  return entries;
}

/** What a pattern names in the context: its top entries only. The context itself has the path ''. */
async function findSources(root: string, { components }: SourcePattern): Promise<ContextEntry[]> {
  let paths = [''];
  for (const [index, { text, matches }] of components.entries()) {
    const next: string[] = [];
    for (const path of paths) {
      const entry = path === '' ? null : await readEntry(root, path);
      if (entry?.type === 'symlink') return [entry];
      if (index > 0 && entry?.type !== 'directory') continue;
      const names = matches ? (await listNames(root, path)).filter((name) => matches(name)) : [text];
      next.push(...names.map((name) => (path === '' ? name : `${path}/${name}`)));
    }
    paths = next;
  }
  const found: ContextEntry[] = [];
  for (const path of paths) {
    const entry = path === '' ? ({ type: 'directory', path, mode: 0o755 } as const) : await readEntry(root, path);
    if (entry) found.push(entry);
  }
  return found;
}

type Fail = (code: string, reason: string, wayOut: string) => Refusal;

async function linkRefusal(root: string, path: string, fail: Fail): Promise<Refusal> {
  const target = await realpath(join(root, path)).catch(() => undefined);
  const inside = target !== undefined && !relative(root, target).split('/').includes('..');
  return inside
    ? fail(
        'symlink-source',
        `leads through the symbolic link ${showWord(path)}`,
        `name ${showWord(relative(root, target) || '.')} itself`,
      )
    : fail(
        'source',
        `leaves the build context through the symbolic link ${showWord(path)}`,
        'copy the files into the context',
      );
}
