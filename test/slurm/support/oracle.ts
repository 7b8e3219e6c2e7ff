import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BuiltImages } from '../inside/built-image.ts';
import { exec, output, required } from './cluster.ts';
import { insideWords } from './inside.ts';
import type { Site } from './site.ts';

/** Dockerfiles that are built both ways: `NAME/Dockerfile`, `context/`, and `prepare.sh` for what a checkout cannot hold. */
const fixtures = join(import.meta.dirname, '../../fixtures/oracle');

export function listFixtures(): string[] {
  const entries = readdirSync(fixtures, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Copies the fixtures into the cluster and makes their contexts complete. */
export async function prepareFixtures(folder: string, names: string[]): Promise<void> {
  const script = `set -e; umask 022; mkdir -m 1777 "$1"; cd "$1"; shift
for name; do
  cp -a /opt/ctmgr/test/fixtures/oracle/$name .; mkdir -p $name/context; chmod -R u=rwX,go=rX $name
  cp /opt/ctmgr/test/fixtures/oracle/record $name/context/record; chmod 755 $name/context/record
  [ ! -e $name/prepare.sh ] || (cd $name/context && sh -eu ../prepare.sh)
done`;
  await output(['sh', '-c', script, 'sh', folder, ...names]);
}

/** Takes away what `prepareFixtures` has made and started. */
export async function removeFixtures(folder: string): Promise<void> {
  await output(['sh', '-c', '[ ! -e "$1/git.pid" ] || kill "$(cat "$1/git.pid")"; rm -rf -- "$1"', 'sh', folder]);
}

/** What buildah makes of the fixtures. */
export async function buildReference(folder: string, names: string[]): Promise<BuiltImages> {
  return JSON.parse(await output(insideWords('build-reference', [folder, ...names]))) as BuiltImages;
}

/** What ctmgr and Apptainer make of them: imported one by one, built as one job array; with a secret, converted and built by hand. */
export async function buildImages(site: Site, folder: string, names: string[]): Promise<BuiltImages> {
  const [secret, imported] = [true, false].map((has) =>
    names.filter((name) => existsSync(join(fixtures, name, 'secret')) === has),
  ) as [string[], string[]];
  const script = `cd "$1"; shift; export NODE_COMPILE_CACHE=$(mktemp -d); trap 'rm -r "$NODE_COMPILE_CACHE"' EXIT; for name; do
  message=$(ctmgr import $name/Dockerfile --name $name --context $name/context 2>&1) || printf '%s\\n%s\\n\\n' "$name" "$message"
done`;
  const refused = await output(['sh', '-c', script, 'sh', folder, ...imported], { user: 'admin1', env: site.env });
  const images: BuiltImages = {};
  for (const block of refused.split('\n\n').filter((text) => text.trim() !== '')) {
    const [name = '', ...message] = block.trim().split('\n');
    images[name] = message.join('\n');
  }
  await site.ctmgr(['rebuild', '--wait']);
  const paths: string[] = [];
  for (const { name, tag, status } of await site.status()) {
    if (status === 'success') paths.push(`${site.share}/builds/${tag}/${name}.sif`);
    else images[name] = await failure(site, tag, name);
  }
  for (const name of secret) paths.push(await buildWithSecret(site, `${folder}/${name}`));
  const read = await required(exec(insideWords('read-images', [`${folder}/.read`, ...paths])));
  return { ...images, ...(JSON.parse(read.stdout) as BuiltImages) };
}

async function buildWithSecret(site: Site, home: string): Promise<string> {
  const script = `set -e; d=$(mktemp -d); cd $d; trap 'cd /; rm -rf $d' EXIT
ctmgr convert "$1/Dockerfile" --context "$1/context" --output out >/dev/null
cd out; export APPTAINER_NOHTTPS=true APPTAINER_CACHEDIR=$d/cache APPTAINER_TMPDIR=$d
apptainer build --fakeroot --bind "$1/secret:/.ctmgr/secrets/token" "$1.sif" recipe.def >../log 2>&1 || { tail -n 30 ../log; exit 1; }`;
  await output(['sh', '-c', script, 'sh', home], { user: 'ctmgr', env: site.env });
  return `${home}.sif`;
}

async function failure(site: Site, tag: string, name: string): Promise<string> {
  const log = `${site.share}/logs/${tag}/${name}`;
  return (await exec(['sh', '-c', `tail -n 25 ${log}.log ${log}.err`])).stdout;
}
