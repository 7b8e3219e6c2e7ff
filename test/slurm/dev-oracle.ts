import { output } from './support/cluster.ts';
import { compareImages } from './support/compare-images.ts';
import { buildImages, buildReference, listFixtures, prepareFixtures } from './support/oracle.ts';
import { makeSite } from './support/site.ts';
const wantedNames = process.argv.slice(2);
const names = wantedNames.length ? wantedNames : listFixtures();
const folder = '/scratch/oracle-dev';
const site = await makeSite();
const t = Date.now();
const took = <T>(what: string, p: Promise<T>) => p.finally(() => console.log(what, (Date.now() - t) / 1000));
try {
  await took('prepare', prepareFixtures(folder, names));
  const [reference, built] = await Promise.all([took('reference', buildReference(folder, names)), took('images', buildImages(site, folder, names))]);
  let bad = 0;
  for (const name of names) {
    const [w, f] = [reference[name], built[name]];
    const lines = typeof w !== 'object' ? [`BUILDAH ${w}`] : typeof f !== 'object' ? [`CTMGR ${f}`] : compareImages(name, w, f);
    if (lines.length) { bad++; console.log(`=== ${name}\n${lines.map((l) => l.slice(-1500)).join('\n')}`); }
  }
  console.log('bad', bad, 'of', names.length);
} finally {
  await output(['rm', '-rf', '--', folder]).catch((e) => console.log(String(e).slice(0, 300)));
  await site.remove();
}
