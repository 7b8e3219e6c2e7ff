import { formatSelector } from '../definitions/overlay-selector.ts';
import { listOverlays, type Selector } from '../store/overlays.ts';
import { formatTime } from '../util/clock.ts';
import type { Answer, Column, Context } from './context.ts';

const columns: Column[] = [
  { key: 'name', title: 'NAME' },
  { key: 'version', title: 'VERSION', align: 'right' },
  { key: 'selector', title: 'SELECTOR' },
  { key: 'steps', title: 'STEPS', align: 'right' },
  { key: 'changed', title: 'CHANGED', show: (value) => formatTime(value as number) },
  { key: 'by', title: 'BY' },
  { key: 'message', title: 'MESSAGE' },
];

/** `ctmgr overlay list`: the overlays in the order in which they apply. */
export async function run(_argv: object, context: Context): Promise<Answer> {
  const overlays = await listOverlays(await context.store());
  const records = overlays.map(({ name, version, selector, commands, createdAt, createdBy, message }) => ({
    name,
    version,
    selector: formatSelector(selector satisfies Selector),
    steps: commands.length,
    changed: createdAt,
    by: createdBy,
    message,
  }));
  return { kind: 'table', columns, records, empty: 'There are no overlays.' };
}
