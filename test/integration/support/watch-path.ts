import { readFileSync } from 'node:fs';

/**
 * A process of its own for the tests: `watch-path.ts PATH` reads a file again and again until it holds `end`. Every text
 * has to be whole: `HEAD x… TAIL`. Prints `ready`, `changed` once it has seen some change, and fails over what it should
 * not have seen. It does not outlive whoever started it.
 */
const path = process.argv[2] ?? '';
const parent = process.ppid;
let previous = '';
let changes = 0;
process.stdout.write('ready\n');
for (;;) {
  const text = readFileSync(path, 'utf8');
  if (text === 'end') break;
  if (!/^HEAD \d+ x+ TAIL$/.test(text)) throw new Error(`a partial file: ${JSON.stringify(text.slice(0, 40))}`);
  if (text !== previous) changes += 1;
  if (text !== previous && changes === 3) process.stdout.write('changed\n');
  previous = text;
  if (process.ppid !== parent) throw new Error('the test is gone');
}
