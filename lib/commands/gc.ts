import { makeBuildSite } from '../builds/build-site.ts';
import { type GarbagePlan, isRemovable, planGarbage, type Removal, removeGarbage } from '../builds/collect-garbage.ts';
import { formatSize } from '../util/clock.ts';
import { countNoun } from '../util/count-noun.ts';
import { exitCodes } from '../util/errors.ts';
import type { Answer, Column, Context } from './context.ts';

const columns: Column[] = [
  { key: 'action', title: 'ACTION' },
  { key: 'what', title: 'WHAT' },
  { key: 'name', title: 'NAME' },
  { key: 'tag', title: 'TAG' },
  { key: 'size', title: 'SIZE', align: 'right', show: (value) => formatSize(value as number | null) },
  { key: 'why', title: 'WHY' },
  { key: 'path', title: 'PATH' },
];

/** `ctmgr gc`: what nobody needs any more; with `--delete` it goes. */
export async function run(argv: { delete: boolean }, context: Context): Promise<Answer> {
  const site = makeBuildSite(await context.store(), context.config, context.paths, context.caller.name);
  const plan = await planGarbage(site);
  const removals = argv.delete ? await removeGarbage(site, plan) : undefined;
  const records = describe(plan, removals);
  context.terminal.say(summarise(plan, records, argv.delete));
  const failed = records.some(({ action }) => action === 'failed');
  return { kind: 'table', columns, records, exitCode: failed ? exitCodes.tryAgain : 0 };
}

interface Row extends Record<string, unknown> {
  action: 'delete' | 'deleted' | 'kept' | 'failed' | 'look at';
  what: string;
  size: number | null;
}

function describe(plan: GarbagePlan, removals: Removal[] | undefined): Row[] {
  const ends = removals && new Map(removals.map((removal) => [removal.path, removal]));
  const outcome = (path: string, why: string): { action: Row['action']; why: string } => {
    if (ends === undefined) return { action: 'delete', why };
    const done = ends.get(path);
    if (done === undefined) return { action: 'kept', why: 'has become current meanwhile' };
    return done.problem === undefined ? { action: 'deleted', why } : { action: 'failed', why: done.problem };
  };
  const images = plan.images.remove.map(({ image: { name, tag, size, file }, why }) => {
    return { ...outcome(file, why), what: 'image', name, tag, size, path: file };
  });
  const findings = plan.findings.map((finding) => {
    const { kind: what, name, tag, size, path, why } = finding;
    return {
      ...(isRemovable(finding) ? outcome(path, why) : { action: 'look at' as const, why }),
      what,
      name,
      tag,
      size,
      path,
    };
  });
  return [...images, ...findings];
}

function summarise({ images }: GarbagePlan, records: Row[], isDone: boolean): string {
  const that = (...actions: Row['action'][]): Row[] => records.filter(({ action }) => actions.includes(action));
  const planned = that('delete');
  const left = that('kept', 'failed').length;
  const strange = that('look at').length;
  const kept = [...images.kept].map(([reason, number]) => `${number} ${reason}`).join(', ');
  const lines = [
    isDone ? `Deleted: ${countRows(that('deleted'))}.` : `To delete: ${countRows(planned)}.`,
    ...(left === 0 ? [] : [`Not deleted: ${left}; the list says why.`]),
    `Kept images: ${kept === '' ? 'none' : kept}.`,
    ...(strange === 0 ? [] : [`${countNoun(strange, 'thing')} to look at, never deleted by ctmgr.`]),
  ];
  if (planned.length > 0) lines.push('Nothing was changed. Do it: ctmgr gc --delete');
  return lines.join('\n');
}

/** `3 images (1.2 GiB), 1 other`. */
function countRows(rows: Row[]): string {
  const images = rows.filter(({ what }) => what === 'image');
  const bytes = images.reduce((sum, { size }) => sum + (size ?? 0), 0);
  const others = rows.length - images.length;
  return `${countNoun(images.length, 'image')} (${formatSize(bytes)})${others === 0 ? '' : `, ${others} other`}`;
}
