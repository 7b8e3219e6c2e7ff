import { CtmgrError } from '../util/errors.ts';
import { run, type RunResult } from '../util/run.ts';

/**
 * Signs all parts of an image file with a private key in PEM form, without a passphrase (`apptainer sign --key`). The
 * file is changed in place: sign a copy. Throws CtmgrError `unavailable` if that does not work.
 */
export async function signImage(apptainer: string, key: string, file: string): Promise<void> {
  const result = await run(apptainer, ['sign', '--key', key, file], { once: true });
  if (result.exitCode === 0) return;
  throw new CtmgrError('unavailable', `cannot sign ${file}`, { why: lastWords(result), hint: 'check signing.key' });
}

/**
 * Why an image file does not have a good signature by that public key on all its parts; undefined if it has
 * (`apptainer verify --all --key`). One good signature is not enough for Apptainer: those by other keys make it fail (seen with 1.4.5).
 * Throws CtmgrError `unavailable` without a usable apptainer.
 */
export async function signatureProblem(
  apptainer: string,
  publicKey: string,
  file: string,
): Promise<string | undefined> {
  const result = await run(apptainer, ['verify', '--all', '--key', publicKey, file]);
  if (result.exitCode === 0) return undefined;
  if (result.exitCode === undefined) {
    throw new CtmgrError('unavailable', `cannot run ${apptainer}`, { why: lastWords(result) });
  }
  return lastWords(result);
}

/** True if anybody has signed an image file (`apptainer sif list`). Throws `unavailable` if that cannot be told. */
export async function isSigned(apptainer: string, file: string): Promise<boolean> {
  const result = await run(apptainer, ['sif', 'list', file]);
  if (result.exitCode === 0) return /\|Signature\b/.test(result.stdout);
  throw new CtmgrError('unavailable', `cannot tell whether ${file} is signed`, { why: lastWords(result) });
}

function lastWords({ spawnError, stderr, exitCode, signal }: RunResult): string {
  const last = stderr.trim().split('\n').at(-1) ?? '';
  const text = last
    .replace(/^\S*(FATAL|ERROR)\s*:\S*\s*/, '')
    .replace(/^Failed to verify container: (integrity: )?/, '');
  return spawnError ?? (text === '' ? `it ended with ${exitCode ?? signal}` : text);
}
