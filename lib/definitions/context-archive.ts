import { chmod, link, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CtmgrError } from '../util/errors.ts';
import { EntryError, readEntry } from './context-entries.ts';
import type { ContextEntry, ContextManifest } from './context-manifest.ts';
import { type ArchiveLayout, layOutContext } from './copy-layout.ts';
import type { RecipePlan } from './recipe-plan.ts';
import { showWord } from './refusal.ts';
import { createTar, extractTar } from './tar-file.ts';

/**
 * Writes the manifest's entries into one uncompressed tar file, byte for byte the same for the same manifest.
 * Throws CtmgrError `tryAgain` if the context is not what the manifest says any more.
 */
export async function packContext(manifest: ContextManifest, contextDir: string, tarFile: string): Promise<void> {
  await createTar(
    tarFile,
    contextDir,
    manifest.entries.map(({ path }) => path),
  );
  await checkEntries(manifest, contextDir, 'tryAgain', 'the build context changed while it was read', 'import again');
}

/**
 * Unpacks into `contextOutDir` (made if missing) what `apptainer build` needs there as its working directory: the files of
 * `%files`, and one archive for each COPY that `%post` unpacks. Throws CtmgrError `inputMissing` if the archive does not
 * hold what the manifest says.
 */
export async function stageContext(
  plan: RecipePlan,
  manifest: ContextManifest,
  tarFile: string,
  contextOutDir: string,
): Promise<void> {
  await mkdir(contextOutDir, { recursive: true });
  const layouts = layOutContext(plan, manifest);
  if (manifest.entries.length === 0 && layouts.length === 0) return;
  const scratch = await mkdtemp(join(contextOutDir, '.ctmgr-'));
  try {
    const whole = join(scratch, 'whole');
    await mkdir(whole);
    await unpackContext(manifest, tarFile, whole);
    const written = new Set<string>();
    for (const [position, layout] of layouts.entries()) {
      if (layout.kind === 'archive') {
        if (written.has(layout.archive)) continue;
        written.add(layout.archive);
        await writeArchive(layout, whole, join(scratch, `copy-${position}`), join(contextOutDir, layout.archive));
        continue;
      }
      for (const { source } of layout.files) {
        await mkdir(dirname(join(contextOutDir, source)), { recursive: true });
        await linkOnce(join(whole, source), join(contextOutDir, source));
      }
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Unpacks all of an archive into an existing folder. Throws `inputMissing` if it does not hold what the manifest says. */
export async function unpackContext(manifest: ContextManifest, tarFile: string, folder: string): Promise<void> {
  await extractTar(tarFile, folder);
  await checkEntries(manifest, folder, 'inputMissing', `${tarFile} is not the context of this version`, 'import again');
}

async function writeArchive(layout: ArchiveLayout, whole: string, folder: string, tarFile: string): Promise<void> {
  await mkdir(folder);
  const directories: { path: string; mode: number }[] = [];
  for (const { entry, path } of layout.members) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    if (entry.type === 'file') await link(join(whole, entry.path), target);
    else if (entry.type === 'symlink') await symlink(entry.target, target);
    else {
      await mkdir(target, { recursive: true });
      directories.push({ path: target, mode: entry.mode });
    }
  }
  for (const { path, mode } of directories.toReversed()) await chmod(path, mode);
  await mkdir(dirname(tarFile), { recursive: true });
  await createTar(
    tarFile,
    folder,
    layout.members.map(({ path }) => path),
  );
}

/** Two COPY instructions may name the same file. */
async function linkOnce(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  await link(from, to);
}

async function checkEntries(
  manifest: ContextManifest,
  folder: string,
  code: 'tryAgain' | 'inputMissing',
  what: string,
  hint: string,
): Promise<void> {
  for (const expected of manifest.entries) {
    const found = await readEntry(folder, expected.path).catch((error: unknown) => {
      if (error instanceof EntryError) return null;
      throw error;
    });
    if (!found || fingerprint(found) !== fingerprint(expected)) {
      throw new CtmgrError(code, what, { why: `${showWord(expected.path)} is not what was recorded`, hint });
    }
  }
}

function fingerprint(entry: ContextEntry): string {
  const facts = Object.entries(entry).filter(([name]) => name !== 'archive');
  return JSON.stringify(facts.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
