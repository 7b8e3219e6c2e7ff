import { readFileSync } from 'node:fs';

/**
 * A name for this process that no other one ever has on this machine: boot, pid and start time, so that a pid used
 * again (proc_pid_stat(5), field 22) is not taken for its predecessor.
 */
export function processIdentity(): string {
  return `${bootId()}:${process.pid}:${startTime(process.pid) ?? ''}`;
}

/** True if the process that called itself `identity` still runs on this machine. */
export function isAlive(identity: string): boolean {
  const [boot, pid, start] = identity.split(':');
  return boot === bootId() && start !== undefined && startTime(Number(pid)) === start;
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** Clock ticks since boot; undefined if there is no such process (or only its zombie). */
function startTime(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses and may hold blanks and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}
