import { runCommandLine } from '../../../lib/cli/run-command-line.ts';
import type { ProcessEnd } from './run-node.ts';

/**
 * `ctmgr WORDS` in this process, without the quarter of a second that one of its own takes to start: what it wrote and its
 * exit status. One at a time.
 */
export async function runCli(words: string[], configFile: string): Promise<ProcessEnd> {
  const [stdout, stderr] = [capture(process.stdout), capture(process.stderr)];
  const before = process.env['CTMGR_CONFIG'];
  const umask = process.umask();
  process.env['CTMGR_CONFIG'] = configFile;
  try {
    const code = await runCommandLine(words);
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    stdout.restore();
    stderr.restore();
    process.umask(umask);
    if (before === undefined) delete process.env['CTMGR_CONFIG'];
    else process.env['CTMGR_CONFIG'] = before;
  }
}

/** Keeps what is written to a stream, in place of writing it. */
function capture(stream: NodeJS.WriteStream): { text: () => string; restore: () => void } {
  const { write } = stream;
  let text = '';
  stream.write = (part: string | Uint8Array, ...more: unknown[]): boolean => {
    text += typeof part === 'string' ? part : Buffer.from(part).toString();
    const settle = more.find((one): one is () => void => typeof one === 'function');
    if (settle !== undefined) queueMicrotask(() => settle());
    return true;
  };
  return { text: () => text, restore: () => (stream.write = write) };
}
