import type { Selector } from '../store/overlays.ts';
import { CtmgrError } from '../util/errors.ts';
import { quote } from '../util/names.ts';

/** What a selector is compared with. */
export interface SelectorSubject {
  recipe: string;
  baseReference: string;
  distribution: string | null;
  packageManager: string | null;
}

const forms = 'all, distribution:NAME, package-manager:NAME, base:GLOB or recipe:GLOB';

/** Reads `all`, `distribution:debian`, `package-manager:apt`, `base:GLOB`, `recipe:GLOB`; anything else is a usage error. */
export function parseSelector(text: string): Selector {
  if (text === 'all') return { kind: 'all', value: '' };
  const match = /^(distribution|package-manager|base|recipe):(.+)$/s.exec(text);
  if (match === null || match[2] === undefined) {
    throw new CtmgrError('usage', `${quote(text)} is not a selector`, { hint: forms });
  }
  return { kind: match[1] as Selector['kind'], value: match[2] };
}

/** A selector as `parseSelector` reads it. */
export function formatSelector(selector: Selector): string {
  return selector.kind === 'all' ? 'all' : `${selector.kind}:${selector.value}`;
}

/** True if a recipe gets the overlay. Unknown distribution or package manager match nothing. */
export function matchesSelector(selector: Selector, subject: SelectorSubject): boolean {
  switch (selector.kind) {
    case 'all':
      return true;
    case 'distribution':
      return subject.distribution === selector.value;
    case 'package-manager':
      return subject.packageManager === selector.value;
    case 'base':
      return matchesGlob(selector.value, subject.baseReference);
    case 'recipe':
      return matchesGlob(selector.value, subject.recipe);
  }
}

/** Shell patterns with `*` and `?` over the whole text; `/` is a character like any other. */
function matchesGlob(pattern: string, text: string): boolean {
  // Walks both texts with one point to come back to, so that no pattern takes more than length × length steps.
  let p = 0;
  let t = 0;
  let star = -1;
  let mark = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p;
      mark = t;
      p += 1;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      p = star + 1;
      mark += 1;
      t = mark;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
