import type { Store } from './open.ts';

/** Notes which Apptainer a node has built a good image with. */
export async function noteApptainer(
  db: Store,
  { class: name, node, apptainer }: { class: string; node: string; apptainer: string },
  now: number,
): Promise<void> {
  await db
    .insertInto('node_apptainer')
    .values({ class: name, node, apptainer, reported_at: now })
    .onConflict((conflict) => conflict.columns(['class', 'node']).doUpdateSet({ apptainer, reported_at: now }))
    .execute();
}

/** For each resource class the versions of Apptainer that its nodes have reported last, the newest report first. */
export async function apptainersOfClasses(db: Store): Promise<Map<string, string[]>> {
  const rows = await db
    .selectFrom('node_apptainer')
    .select(['class', 'apptainer'])
    .orderBy('reported_at', 'desc')
    .orderBy('node')
    .execute();
  const classes = new Map<string, Set<string>>();
  for (const row of rows) classes.set(row.class, (classes.get(row.class) ?? new Set<string>()).add(row.apptainer));
  return new Map([...classes].map(([name, versions]) => [name, [...versions]]));
}
