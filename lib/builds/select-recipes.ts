import { compileGlob, isPattern } from '../definitions/match-glob.ts';
import type { Store } from '../store/open.ts';
import { listCurrentRecipes } from '../store/recipes.ts';
import { CtmgrError } from '../util/errors.ts';

/** Which recipes a rebuild is about. */
export interface Scope {
  /** Names, and globs of them; empty: all. */
  names: string[];
  /** Resource classes; empty: all. */
  classes: string[];
}

/**
 * The names of the recipes in a scope, at least one. Throws CtmgrError `inputMissing` for a name that does not exist, for
 * a malformed glob, and for a scope with nothing in it: what nobody builds, nobody should think built.
 */
export async function selectRecipes(store: Store, defaultClass: string, scope: Scope): Promise<string[]> {
  const recipes = (await listCurrentRecipes(store)).map(({ recipe }) => recipe);
  const byName = scope.names.length === 0 ? recipes.map(({ name }) => name) : scope.names.flatMap(matching);
  const wanted = new Set(byName);
  const found = recipes.filter(
    ({ name, class: own }) =>
      wanted.has(name) && (scope.classes.length === 0 || scope.classes.includes(own ?? defaultClass)),
  );
  if (found.length > 0) return found.map(({ name }) => name);
  throw new CtmgrError('inputMissing', 'there is nothing to build: no recipe is in its scope', {
    hint: 'ctmgr list --all',
  });

  function matching(pattern: string): string[] {
    const matches = isPattern(pattern) ? compileGlob(pattern) : (name: string) => name === pattern;
    const names = matches === undefined ? [] : recipes.map(({ name }) => name).filter(matches);
    if (names.length > 0 || isPattern(pattern)) return names;
    throw new CtmgrError('inputMissing', `there is no recipe ${pattern}`, { hint: 'ctmgr list --all' });
  }
}
