import { describeChange } from '../builds/find-changes.ts';
import type { Selection } from '../builds/select-changed.ts';
import { countNoun } from '../util/count-noun.ts';
import type { Answer } from './context.ts';

/** What `rebuild --changed` found, a line for each image that is built. */
export function describeSelection({ changed, unchanged, skipped }: Selection): string[] {
  const width = Math.max(0, ...changed.map(({ name }) => name.length));
  const total = changed.length + unchanged.length + skipped.length;
  return [
    `${changed.length} of ${countNoun(total, 'image')} ${changed.length === 1 ? 'is' : 'are'} built:`,
    ...changed.map(({ name, changes }) => `  ${name.padEnd(width)}  ${changes.map(describeChange).join('; ')}`),
    ...stays({ unchanged, skipped }),
  ];
}

/** The answer if nothing is built. */
export function nothingToDo(selection: Selection): Answer {
  const { skipped } = selection;
  const first = skipped.length === 0 ? 'Nothing has changed, so nothing is built.' : 'Nothing is built.';
  return {
    kind: 'record',
    record: { tag: null, arrays: [], ...selectionRecord(selection) },
    text: `${[first, ...stays(selection)].join('\n')}\n`,
  };
}

/** The same with stable keys. */
export function selectionRecord({ changed, unchanged, skipped }: Selection): Record<string, unknown> {
  return { changed, unchanged, skipped };
}

function stays({ unchanged, skipped }: Pick<Selection, 'unchanged' | 'skipped'>): string[] {
  const stay = unchanged.length === 1 ? 'stays as it is' : 'stay as they are';
  const left = skipped.length === 1 ? 'is' : 'are';
  return [
    ...(unchanged.length === 0 ? [] : [`${countNoun(unchanged.length, 'image')} ${stay}.`]),
    ...(skipped.length === 0
      ? []
      : [
          `${countNoun(skipped.length, 'image')} ${left} left alone, because a registry did not tell: ${skipped.join(', ')}`,
        ]),
  ];
}
