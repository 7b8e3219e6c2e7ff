import { parseHpcc } from './hpcc.ts';
import { parseHpcg } from './hpcg.ts';
import { parseHpl } from './hpl.ts';
import { parseImb } from './imb.ts';
import { parseIor } from './ior.ts';
import { parseLinktest } from './linktest.ts';
import { parseMdtest } from './mdtest.ts';
import { parseOsu } from './osu.ts';
import type { Parser } from './output.ts';
import { parseStream } from './stream.ts';

/** The parsers by the names that a benchmark's definition uses. */
export const parsers: Record<string, Parser> = {
  hpcc: parseHpcc,
  hpcg: parseHpcg,
  hpl: parseHpl,
  imb: parseImb,
  ior: parseIor,
  linktest: parseLinktest,
  mdtest: parseMdtest,
  osu: parseOsu,
  stream: parseStream,
};
