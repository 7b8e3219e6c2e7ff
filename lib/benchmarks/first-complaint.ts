/** What Apptainer tells everybody, and what srun says when a task has ended: never why the program failed. */
const noise = /^(INFO|WARNING):|^srun: |^slurmstepd: |^\[\S+\] error: \*\*\* /;
const longest = 160;

/**
 * Why a program has failed, in its own words: the first line of its standard error that says something, or the line that
 * ctmgr's own script wrote (`ctmgr: ...`), without characters that a terminal obeys. Undefined if there is none.
 */
export function firstComplaint(stderr: string): string | undefined {
  const lines = stderr.split('\n').map((line) => line.replaceAll(/\p{Cc}+/gu, ' ').trim());
  const own = lines.find((line) => line.startsWith('ctmgr: '));
  const telling = lines.filter((line) => line !== '' && !noise.test(line));
  // HPL says where it failed, and then why.
  const first = telling[0]?.endsWith(':') ? telling.slice(0, 2).join(' ') : telling[0];
  const found = own?.slice('ctmgr: '.length) ?? first;
  return found !== undefined && found.length > longest ? `${found.slice(0, longest)}…` : found;
}
