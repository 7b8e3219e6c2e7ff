import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * Runs in the cluster: `kill-at-change.ts FOLDER COUNT COMMAND [ARGUMENT...]` starts a command and kills it with SIGKILL
 * at the COUNT-th change in the folder. Ends with 137 if it did, else as the command ended.
 */

const [folder = '', count = '', command = '', ...args] = process.argv.slice(2);
let left = Number(count);
const watcher = watch(folder);
const child = spawn(command, args, { stdio: 'inherit' });
// On a busy machine the killer would come late more often than not.
if (child.pid !== undefined) setPriority(child.pid, 19);
watcher.on('change', () => {
  left -= 1;
  if (left === 0) child.kill('SIGKILL');
});
child.once('exit', (code, signal) => {
  watcher.close();
  process.exitCode = signal === null ? (code ?? 1) : 137;
});
