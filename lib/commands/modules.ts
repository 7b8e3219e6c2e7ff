import { resolve } from 'node:path';

import type { CatalogueImage } from '../builds/catalogue-format.ts';
import type { ModuleFormat } from '../builds/modulefile.ts';
import { findImage } from '../builds/read-catalogue.ts';
import { audienceOf, writeModulefiles } from '../builds/write-modulefiles.ts';
import { countNoun } from '../util/count-noun.ts';
import { CtmgrError } from '../util/errors.ts';
import { checkName } from '../util/names.ts';
import type { Answer, Context } from './context.ts';
import { loadCatalogue } from './load-catalogue.ts';

interface Arguments {
  folder: string;
  names?: string[];
  format: ModuleFormat;
}

/** `ctmgr modules DIR [NAME…]`: an environment module for each image that the folder's readers may use. */
export async function run({ folder: given, names = [], format }: Arguments, context: Context): Promise<Answer> {
  const folder = resolve(given);
  const catalogue = await loadCatalogue(context);
  const current = catalogue.images.filter((image) => image.current);
  const groups = new Set(current.flatMap(({ group }) => (group === null ? [] : [group])));
  const audience = await audienceOf(folder, groups);
  for (const name of names) {
    const image = findImage(catalogue, checkName(name, 'image'));
    if (image.group !== audience) throw notForThem(image, folder, audience);
  }
  const images = current
    .filter(({ name, group }) => group === audience && (names.length === 0 || names.includes(name)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  // Lmod would read it as Lua.
  const odd = format === 'tcl' ? images.filter(({ name }) => name.endsWith('.lua')) : [];
  for (const { name } of odd) context.terminal.say(`${name} is left out: Lmod would take its modulefile for Lua.`);
  const done = await writeModulefiles(
    folder,
    images.filter((image) => !odd.includes(image)),
    { format, all: names.length === 0 },
  );
  const { written, unchanged, removed } = done;
  const text = [
    `${countNoun(written.length, 'modulefile')} written, ${unchanged.length} unchanged, ${removed.length} removed in ${folder}.`,
    `Next: module use ${folder}`,
    '',
  ].join('\n');
  return { kind: 'record', record: { folder, format, group: audience, ...done }, text };
}

function notForThem({ name, group }: CatalogueImage, folder: string, audience: string | null): CtmgrError {
  if (group === null) {
    return new CtmgrError('usage', `${name} is for everybody, and ${folder} is for group ${audience} only`, {
      hint: `ctmgr modules OTHER-FOLDER ${name}`,
    });
  }
  return new CtmgrError('notAllowed', `${name} is for group ${group} only, and ${folder} is not`, {
    why: 'others would read its name there',
    hint: `install -d -m 2750 -g ${group} FOLDER; then: ctmgr modules FOLDER ${name}`,
  });
}
