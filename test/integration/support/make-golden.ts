import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { addOverlay } from '../../../lib/definitions/change-overlays.ts';
import { importRecipe } from '../../../lib/definitions/import-recipe.ts';
import { parseSelector } from '../../../lib/definitions/overlay-selector.ts';
import { migrate } from '../../../lib/store/migrate.ts';
import { connect } from '../../../lib/store/open.ts';
import { dumpStore, goldenFolder, goldenNames, renderAll } from './golden.ts';

/** `test/golden`: writes the golden folder of today's schema. See golden.test.ts for when this is right. */

const context: Record<string, [text: string, mode: number]> = {
  'run.sh': ['#!/bin/sh\necho run\n', 0o755],
  'a.txt': ['a\n', 0o644],
  'tree/b c.txt': ['b\n', 0o600],
};

/** Name of a recipe to its versions. */
const recipes: Record<string, string[]> = {
  plain: [
    'FROM debian:12\nRUN apt-get update && apt-get install -y gcc\n',
    'FROM debian:12\nLABEL a=b\nRUN apt-get update && apt-get install -y gcc\nCOPY run.sh /opt/run.sh\nENTRYPOINT ["/opt/run.sh"]\n',
  ],
  files: [
    'FROM ubuntu:24.04\nWORKDIR /w\nCOPY . .\nRUN ls\nCOPY --chown=1:2 --chmod=755 a.txt tree/ /d/\nADD https://example.org/x.tgz /x/\n',
  ],
  shells: [
    'FROM a\nSHELL ["/bin/bash", "-ec"]\nARG V="it\'s $X"\nENV P=/p:$PATH Q="$V %x {{y}}"\nRUN <<E\necho "$Q"\n%post\nE\nUSER me:us\nWORKDIR rel\nRUN ["id", "a b"]\nCMD x\n',
  ],
};

/** All fixtures that can be converted without a build context. */
function addFixtures(): void {
  const folder = join(import.meta.dirname, '../../fixtures/dockerfiles');
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.df'))) {
    recipes[`edge-${file.replace(/\.df$/, '')}`] = [readFileSync(join(folder, file), 'utf8')];
  }
}

const work = mkdtempSync(join(tmpdir(), 'ctmgr-golden-'));
try {
  addFixtures();
  for (const [path, [text, mode]] of Object.entries(context)) {
    const file = join(work, 'context', path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    writeFileSync(file, text);
    chmodSync(file, mode);
  }
  const database = join(work, 'ctmgr.db');
  const store = connect(database, true);
  const newest = (await migrate(store)).at(-1) ?? '';
  const target = join(goldenFolder, newest);
  if (existsSync(join(target, 'RELEASED'))) throw new Error(`${newest} is released: its files are what sites rely on`);
  for (const [name, texts] of Object.entries(recipes)) {
    for (const text of texts) {
      const dockerfile = join(work, 'Dockerfile');
      writeFileSync(dockerfile, text);
      const place = { dockerfile, name, context: join(work, 'context'), buildArgs: {} };
      const request = { ...place, baseName: undefined, class: undefined, message: undefined };
      await importRecipe(store, join(work, 'contexts'), request, 'admin').catch((error: unknown) => {
        if (!name.startsWith('edge-')) throw error;
      });
    }
  }
  const commands = ['mkdir -p /software', 'echo "two  words" >/etc/motd'];
  await addOverlay(store, { name: 'site', commands, selector: parseSelector('all'), message: null }, 'admin');
  const definitions = await renderAll(store);
  await store.destroy();
  for (const name of goldenNames()) {
    if (!existsSync(join(goldenFolder, name, 'RELEASED'))) rmSync(join(goldenFolder, name), { recursive: true });
  }
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'store.sql'), dumpStore(database));
  for (const [file, text] of definitions) writeFileSync(join(target, file), text);
  process.stdout.write(`${definitions.size} definitions in ${target}\n`);
} finally {
  rmSync(work, { recursive: true });
}
