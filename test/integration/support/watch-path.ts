import { readFileSync } from 'node:fs';

/**
 * A process of its own for the tests: `watch-path.ts PATH` reads a file again and again until it holds `end`. Every text
 * has to be whole: `HEAD x… TAIL`. Prints how often it looked, or what it should not have seen.
 */
const path = process.argv[2] ?? '';
const patience = performance.now() + 20_000;
let looks = 0;
let previous = '';
let changes = 0;
process.stdout.write('ready\n');
for (;;) {
  const text = readFileSync(path, 'utf8');
  looks += 1;
  if (text === 'end') break;
  if (!/^HEAD \d+ x+ TAIL$/.test(text)) throw new Error(`a partial file: ${JSON.stringify(text.slice(0, 40))}`);
  if (text !== previous) changes += 1;
  previous = text;
  if (performance.now() > patience) throw new Error('the end never came');
}
process.stdout.write(JSON.stringify({ looks, changes }));
