import { listBaseImages } from '../store/base-images.ts';
import type { Answer, Column, Context } from './context.ts';

const columns: Column[] = [
  { key: 'name', title: 'NAME' },
  { key: 'reference', title: 'REFERENCE' },
  { key: 'distribution', title: 'DISTRIBUTION' },
  { key: 'package_manager', title: 'PACKAGE MANAGER' },
  { key: 'recipes', title: 'RECIPES', align: 'right' },
];

/** `ctmgr base list`. */
export async function run(_argv: object, context: Context): Promise<Answer> {
  const bases = await listBaseImages(await context.store());
  const records = bases.map(({ name, location, distribution, package_manager, recipes }) => ({
    name,
    reference: location,
    distribution,
    package_manager,
    recipes,
  }));
  return { kind: 'table', columns, records, empty: 'There are no base images; an import makes them.' };
}
