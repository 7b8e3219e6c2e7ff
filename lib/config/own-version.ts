import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { packageRoot } from './paths.ts';

/** The version of this program, from its package.json. */
export function ownVersion(): string {
  const manifest = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}
