import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { argumentLists, type BuiltImage, type BuiltImages } from './built-image.ts';
import { readTree } from './read-tree.ts';

/**
 * Runs in the cluster as root: builds the fixtures in a folder with buildah and prints `BuiltImages`. The first argument is the
 * folder, the others are names; a fixture's `Dockerfile.reference` says the same as its `Dockerfile` in words that buildah knows.
 */

const run = promisify(execFile);

interface ImageConfig {
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  Labels?: Record<string, string>;
}

const [folder = '', ...names] = process.argv.slice(2);
const store = join(folder, '.store');
const storage = ['--root', join(store, 'root'), '--runroot', join(store, 'run'), '--storage-driver', 'overlay'];

async function buildah(...words: string[]): Promise<string> {
  return (await run('buildah', [...storage, ...words], { maxBuffer: 2 ** 26 })).stdout.trim();
}

async function build(name: string): Promise<BuiltImage | string> {
  const home = join(folder, name);
  const file = existsSync(join(home, 'Dockerfile.reference')) ? 'Dockerfile.reference' : 'Dockerfile';
  const limits = ['--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=20000:20000'];
  const options = ['--format', 'docker', '--isolation', 'chroot', '--layers=false', '--tls-verify=false', ...limits];
  const secret = existsSync(join(home, 'secret')) ? ['--secret', `id=token,src=${join(home, 'secret')}`] : [];
  try {
    await buildah('build', ...options, ...secret, '--tag', name, '--file', join(home, file), join(home, 'context'));
  } catch (error) {
    return String((error as { stderr?: string }).stderr ?? error).slice(-1500);
  }
  const container = await buildah('from', '--pull=never', `localhost/${name}`);
  const root = await buildah('mount', container);
  const { Docker } = JSON.parse(await buildah('inspect', '--type', 'image', `localhost/${name}`)) as {
    Docker: { config: ImageConfig };
  };
  const config = Docker.config;
  const { 'io.buildah.version': _, ...labels } = config.Labels ?? {};
  const environment = Object.fromEntries(
    (config.Env ?? []).map((each) => [each.replace(/=.*/s, ''), each.replace(/^[^=]*=/, '')]),
  );
  const starts = /^\s*(ENTRYPOINT|CMD)\b/im.test(readFileSync(join(home, file), 'utf8'));
  const image = {
    tree: readTree(root),
    environment,
    labels,
    runs: starts ? argumentLists.map((args) => start(root, environment, config, args)) : [],
  };
  await buildah('umount', container);
  return image;
}

/** As the OCI image specification says: Entrypoint, then the arguments given, or Cmd if there are none. */
function start(
  root: string,
  environment: Record<string, string>,
  { Entrypoint, Cmd }: ImageConfig,
  args: string[],
): string {
  const argv = [...(Entrypoint ?? []), ...(args.length > 0 ? args : (Cmd ?? []))];
  const script = '/usr/bin/mkdir -p "$1/proc" && /usr/bin/mount -t proc proc "$1/proc" && exec /usr/sbin/chroot "$@"';
  const options = { env: { HOME: '/root', ...environment }, encoding: 'utf8', input: '' } as const;
  try {
    return execFileSync('/usr/bin/unshare', ['-m', '/bin/sh', '-c', script, 'sh', root, ...argv], {
      ...options,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
  } catch (error) {
    return `exit ${(error as { status?: number }).status}: ${(error as { stdout?: string }).stdout}`;
  }
}

const images: BuiltImages = {};
const waiting = [...names];
await Promise.all(
  [1, 2].map(async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) images[name] = await build(name);
  }),
);
process.stdout.write(JSON.stringify(images));
