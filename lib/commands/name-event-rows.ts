import { eventsOfName, type NameEvent } from '../store/events.ts';
import type { Store } from '../store/open.ts';

/** What was done with a name (moves, pins, publication of held tags, changes of its group), as rows of the history. */
export async function nameEventRows(store: Store, name: string) {
  const events = await eventsOfName(store, name);
  return events
    .filter(({ detail }) => !(detail['left_out'] as string[] | undefined)?.includes(name))
    .filter(({ kind, detail }) => kind !== 'recipe.group' || detail['from'] !== detail['to'])
    .map((event) => ({
      when: event.at,
      what: describe(event),
      by: event.actor,
      message: (event.detail['message'] as string | null | undefined) ?? null,
      event: event.kind,
    }));
}

function describe({ kind, subject, detail }: NameEvent): string {
  const text = (key: string): string | undefined => (detail[key] as string | null) ?? undefined;
  const previous = text('previous');
  const moved = previous === undefined || previous === text('tag') ? [] : [`was ${previous}`];
  const left = ((detail['left_out_of'] as string[] | undefined) ?? []).map((tag) => `not ${tag}`);
  const was = moved.length + left.length === 0 ? '' : ` (${[...moved, ...left].join(', ')})`;
  switch (kind) {
    case 'image.rollback':
      return `rollback to ${text('tag')}${was}`;
    case 'image.pin':
      return `pin to ${text('tag')}${was}`;
    case 'image.retire':
      return `retire${was}`;
    case 'recipe.group':
      return `group ${text('to') ?? '(everybody)'} (was ${text('from') ?? '(everybody)'})`;
    case 'recipe.revive':
      return 'offer again';
    case 'gate.pass':
      return `gate ${text('gate')}: passed by ${text('tag')}`;
    case 'gate.hold':
      return `gate ${text('gate')}: holds ${text('tag')}`;
    case 'gate.override':
      return `gate ${text('gate')}: overridden for ${text('tag')}`;
    case 'tag.hold':
      return `hold ${subject}`;
    case 'tag.publish':
      return `publish ${subject}`;
    default:
      return kind.slice(kind.indexOf('.') + 1);
  }
}
