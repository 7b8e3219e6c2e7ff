import { renderVersion } from '../definitions/render-version.ts';
import { CtmgrError } from '../util/errors.ts';
import { checkName } from '../util/names.ts';
import type { Answer, Context } from './context.ts';

/** `ctmgr render NAME[:VERSION]`: the definition file, as a rebuild would build it now. */
export async function run(argv: { recipe: string }, context: Context): Promise<Answer> {
  const { name, version } = parseVersion(argv.recipe);
  const { definition, source } = await renderVersion(await context.store(), name, version, context.config);
  return { kind: 'record', record: { name, version: source.content.version, definition }, text: definition };
}

/** Takes apart `NAME` or `NAME:VERSION`. */
function parseVersion(text: string): { name: string; version: number | undefined } {
  const [nameText, versionText, more] = text.split(':');
  const name = checkName(nameText ?? '', 'recipe');
  if (more !== undefined || (versionText !== undefined && !/^[1-9]\d{0,8}$/.test(versionText))) {
    throw new CtmgrError('usage', `${text} is not NAME or NAME:VERSION`);
  }
  return { name, version: versionText === undefined ? undefined : Number(versionText) };
}
