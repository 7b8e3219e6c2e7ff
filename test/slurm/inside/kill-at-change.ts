import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { constants, setPriority } from 'node:os';

/**
 * Runs in the cluster: `kill-at-change.ts FOLDER COUNT COMMAND [ARGUMENT...]` starts a command and kills it with SIGKILL
 * at the COUNT-th change in the folder. Ends with 137 if it did, else as the command ended.
 */

const [folder = '', count = '', command = '', ...args] = process.argv.slice(2);
let left = Number(count);
const watcher = watch(folder);
const child = spawn(command, args, { stdio: 'inherit' });
// On a busy machine the command would be over before its killer gets to run.
setPriority(child.pid ?? 0, constants.priority.PRIORITY_LOW);
setPriority(constants.priority.PRIORITY_HIGHEST);
watcher.on('change', () => {
  left -= 1;
  if (left === 0) child.kill('SIGKILL');
});
child.once('exit', (code, signal) => {
  watcher.close();
  process.exitCode = signal === null ? (code ?? 1) : 137;
});
