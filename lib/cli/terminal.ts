import type { Terminal } from '../commands/context.ts';
import { escapeControls, escapeForTerminal } from '../util/escape-controls.ts';

/**
 * Writes for people on standard error: a live block on a terminal, plain lines everywhere else. What it is given may repeat words
 * of builds and of other programs, so control characters are escaped.
 */
export function makeTerminal(stream: NodeJS.WriteStream = process.stderr): Terminal {
  const interactive = stream.isTTY === true && process.env['TERM'] !== 'dumb';
  let painted = 0;
  const erase = (): string => (painted === 0 ? '' : `\x1b[${painted}A\x1b[0J`);
  return {
    interactive,
    say(line) {
      stream.write(`${erase()}${escapeForTerminal(line)}\n`);
      painted = 0;
    },
    repaint(lines) {
      if (!interactive) return;
      // A terminal that does not know its size says 0.
      const width = stream.columns || 80;
      const height = Math.max(1, (stream.rows || 24) - 1);
      const cut = lines.slice(0, height).map((line) => [...escapeControls(line)].slice(0, width - 1).join(''));
      stream.write(erase() + cut.map((line) => `${line}\n`).join(''));
      painted = cut.length;
    },
    settle() {
      painted = 0;
    },
  };
}
