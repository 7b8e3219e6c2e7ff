import { readFileSync } from 'node:fs';
import { parseDockerfile } from '../../../lib/definitions/parse-dockerfile.ts';
import { renderDefinition } from '../../../lib/definitions/render-definition.ts';

/** convert-file.ts FILE SECONDS: prints the milliseconds of one conversion, the peak memory and that before it, in bytes. */

const [file = '', seconds = '0'] = process.argv.slice(2);
const text = readFileSync(file, 'utf8');
const template = readFileSync(new URL('../../../recipe-templates/definition.def.mustache', import.meta.url), 'utf8');
const manifest = {
  digest: '',
  entries: [{ type: 'file' as const, path: 'f', mode: 0o644, size: 0, sha256: '' }],
};
// The parser is loaded when it is first used.
parseDockerfile('FROM a\nRUN x', { buildArgs: {} });

/** Kilobytes on Linux (getrusage(2)). */
const peak = (): number => process.resourceUsage().maxRSS * 1024;
const idle = peak();
const start = performance.now();
let rounds = 0;
do {
  const plan = parseDockerfile(text, { buildArgs: {} });
  renderDefinition({ plan, manifest, overlays: [], labels: [], template });
  rounds += 1;
} while (performance.now() - start < Number(seconds) * 1000);
process.stdout.write(JSON.stringify({ milliseconds: (performance.now() - start) / rounds, peak: peak(), idle }));
