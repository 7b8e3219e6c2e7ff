import { randomBytes } from 'node:crypto';

import { type Ended, exec, output, type Place, start } from './cluster.ts';

/** One image as `ctmgr status --json` shows it. */
export interface ImageStatus {
  name: string;
  tag: string;
  status: string;
  job: string | null;
  node: string | null;
  kind: string | null;
  message: string | null;
}

/** A ctmgr installation of its own inside the cluster, so that tests do not meet each other's images. */
export interface Site {
  share: string;
  state: string;
  /** Folder for what goes in: Dockerfiles, configurations. */
  inputs: string;
  env: Record<string, string>;
  ctmgr(words: string[], place?: Place): Promise<Ended>;
  /** Like `ctmgr`, as root with `--json`; has to succeed. */
  json<Value>(words: string[]): Promise<Value>;
  startCtmgr(words: string[], place?: Place): ReturnType<typeof start>;
  /** Writes a Dockerfile (and other files beside it) and imports it as admin1. */
  import(name: string, dockerfile: string, files?: Record<string, string>, more?: string[]): Promise<Ended>;
  status(tag?: string): Promise<ImageStatus[]>;
  write(path: string, text: string, mode?: string): Promise<void>;
  remove(): Promise<void>;
}

export const busybox = '127.0.0.1:5000/busybox:1';

/**
 * Makes a site with the cluster's own configuration; `extra` is TOML text that is added: keys for the tables there are, or
 * whole `tables`.
 */
export async function makeSite(
  extra: {
    paths?: string;
    slurm?: string;
    build?: string;
    poll?: string;
    retry?: string;
    rights?: string;
    service?: string;
    tables?: string;
  } = {},
): Promise<Site> {
  const id = randomBytes(4).toString('hex');
  const share = `/srv/ctmgr/test-${id}`;
  const state = `/var/lib/ctmgr/test-${id}`;
  const inputs = `/srv/ctmgr/inputs-${id}`;
  const config = `${inputs}/config.toml`;
  const env = { CTMGR_CONFIG: config };
  const text = `
[paths]
share = "${share}"
state = "${state}"
${extra.paths ?? ''}
[rights]
admin_groups = ["hpcadm"]
${extra.rights ?? ''}
[build]
scratch = "/scratch"
environment = { APPTAINER_NOHTTPS = "true" }
${extra.build ?? ''}
[classes.default]
time = "00:20:00"
[classes.short]
time = "00:01:00"
[slurm]
${extra.slurm ?? ''}
[poll]
results_interval = 0.2
slurm_interval = 1
slurm_interval_max = 3
submit_settle = 3
result_grace = 3
lost_after = 60
${extra.poll ?? ''}
[retry]
${extra.retry ?? 'infrastructure = 0'}
[service]
${extra.service ?? ''}
${extra.tables ?? ''}
`;
  const write = async (path: string, content: string, mode = '644'): Promise<void> => {
    const folder = path.slice(0, path.lastIndexOf('/'));
    const command = 'mkdir -p -- "$1" && cat > "$2" && chmod "$3" "$2"';
    const { code, stderr } = await exec(['sh', '-c', command, 'sh', folder, path, mode], { input: content });
    if (code !== 0) throw new Error(stderr);
  };
  await write(config, text);
  const ctmgr = (words: string[], place: Place = {}): Promise<Ended> =>
    exec(['ctmgr', ...words], { ...place, env: { ...env, ...place.env } });
  const site: Site = {
    share,
    state,
    inputs,
    env,
    ctmgr,
    async json(words) {
      const { code, stdout, stderr } = await ctmgr([...words, '--json']);
      if (code !== 0) throw new Error(`ctmgr ${words.join(' ')} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout);
    },
    startCtmgr: (words, place = {}) => start(['ctmgr', ...words], { ...place, env: { ...env, ...place.env } }),
    async import(name, dockerfile, files = {}, more = []) {
      const folder = `${inputs}/${name}`;
      await write(`${folder}/Dockerfile`, dockerfile);
      for (const [file, content] of Object.entries(files)) await write(`${folder}/${file}`, content);
      return ctmgr(['import', `${folder}/Dockerfile`, '--name', name, '--context', folder, ...more], {
        user: 'admin1',
      });
    },
    status: (tag) => site.json(['status', ...(tag === undefined ? [] : [tag])]),
    write,
    async remove() {
      await output(['rm', '-rf', '--', share, state, inputs]);
    },
  };
  await output(['ctmgr', 'init'], { env });
  return site;
}

/** A Dockerfile on busybox that takes about `seconds` to build. */
export function slowDockerfile(seconds: number): string {
  return `FROM ${busybox}\nRUN sleep ${seconds}\n`;
}
