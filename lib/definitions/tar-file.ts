import { CtmgrError } from '../util/errors.ts';
import { run } from '../util/run.ts';

/**
 * Not 0: wheels and other zip files cannot hold times before 1980. Fixed, because the same content has to give the same archive.
 */
const modificationTime = '@315619200';

/**
 * Writes `paths`, relative to `folder`, into a new tar file: byte for byte the same for the same content, in the order given,
 * owned by 0:0. Directories are not descended into. Throws CtmgrError `cannotCreate`.
 */
export async function createTar(tarFile: string, folder: string, paths: readonly string[]): Promise<void> {
  const args = ['--create', '--file', tarFile, '--force-local', '--format=pax', '--directory', folder];
  args.push('--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime');
  args.push('--owner=0', '--group=0', '--numeric-owner', `--mtime=${modificationTime}`, '--hard-dereference');
  args.push(
    '--no-recursion',
    '--no-xattrs',
    '--no-acls',
    '--no-selinux',
    '--null',
    '--verbatim-files-from',
    '--files-from=-',
  );
  await runTar(args, `${tarFile} cannot be written`, paths.map((path) => `./${path}\0`).join(''));
}

/**
 * Unpacks a tar file that `createTar` wrote into an existing folder. Throws CtmgrError `inputMissing` if it is not there or not whole,
 * `cannotCreate` if it is and cannot be unpacked there.
 */
export async function extractTar(tarFile: string, folder: string): Promise<void> {
  const args = ['--extract', '--file', tarFile, '--force-local', '--directory', folder];
  try {
    await runTar(
      [...args, '--preserve-permissions', '--no-same-owner', '--keep-old-files'],
      `${tarFile} cannot be unpacked`,
    );
  } catch (error) {
    const { exitCode, stderr } = await run('tar', ['--list', '--file', tarFile, '--force-local']);
    if (exitCode === 0 || exitCode === undefined) throw error;
    const why = (stderr.trim().split('\n')[0] ?? '').replace(`${tarFile}: `, '');
    throw new CtmgrError('inputMissing', `${tarFile} is gone or damaged`, { why, hint: 'ctmgr fsck', cause: error });
  }
}

/** True if a tar file, compressed or not, holds a member of that name; false also for what is no tar file. */
export async function hasMember(tarFile: string, name: string): Promise<boolean> {
  const args = ['--list', '--file', tarFile, '--force-local', '--', name];
  return (await run('tar', args)).exitCode === 0;
}

async function runTar(args: readonly string[], what: string, input = ''): Promise<void> {
  const result = await run('tar', args, { input });
  if (result.exitCode === 0) return;
  throw new CtmgrError('cannotCreate', what, {
    why:
      result.spawnError ??
      (result.stderr.trim().split('\n')[0] || `tar ended with ${result.exitCode ?? result.signal}`),
    hint: 'check free space and permissions there',
  });
}
