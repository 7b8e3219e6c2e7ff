import { CtmgrError } from '../util/errors.ts';
import { checkName } from '../util/names.ts';

/** Takes apart `NAME` or `NAME:VERSION`, as admins name a version of a recipe; throws `usage` for anything else. */
export function parseRecipeVersion(text: string): { name: string; version: number | undefined } {
  const [nameText, versionText, more] = text.split(':');
  const name = checkName(nameText ?? '', 'recipe');
  if (more !== undefined || (versionText !== undefined && !/^[1-9]\d{0,8}$/.test(versionText))) {
    throw new CtmgrError('usage', `${text} is not NAME or NAME:VERSION`, {
      hint: 'ctmgr list --all; ctmgr history NAME',
    });
  }
  return { name, version: versionText === undefined ? undefined : Number(versionText) };
}
