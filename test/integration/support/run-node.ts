import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface ProcessEnd {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end. */
export function runProcess(
  file: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<ProcessEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs one of the programs beside this file in a process of its own. */
export function runNode(program: string, args: string[]): Promise<ProcessEnd> {
  return runProcess(process.execPath, [join(import.meta.dirname, program), ...args]);
}
