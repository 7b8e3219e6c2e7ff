import { type Ended, exec, output, type Place } from './cluster.ts';
import type { Site } from './site.ts';

const folder = '/usr/local/lib/ctmgr';
const plugstack = '/etc/slurm/plugstack.conf';

/** The line of plugstack.conf that loads the plugin for a site; its configuration is copied to where root alone writes. */
export const pluginLine = (more = ''): string => `optional ${folder}/ctmgr.so config=/etc/ctmgr/doors.toml${more}`;

/** Compiles the plugin inside the cluster, against its own Slurm. */
export async function buildPlugin(): Promise<void> {
  await output(['make', '-s', '-C', '/opt/ctmgr/spank', 'BUILD=/var/tmp/ctmgr-plugin', 'install']);
}

/** Lets Slurm load the plugin with this site's configuration, or other lines of plugstack.conf. */
export async function loadPlugin(site: Site, ...lines: string[]): Promise<void> {
  await useConfig(await output(['cat', `${site.inputs}/config.toml`]));
  await site.write(plugstack, `${(lines.length === 0 ? [pluginLine()] : lines).join('\n')}\n`);
}

/** The configuration that the plugin reads. */
export async function useConfig(text: string): Promise<void> {
  const { code, stderr } = await exec(['sh', '-c', 'umask 022 && cat >/etc/ctmgr/doors.toml'], { input: text });
  if (code !== 0) throw new Error(stderr);
}

export async function unloadPlugin(): Promise<void> {
  await output(['rm', '-f', plugstack, '/etc/ctmgr/doors.toml']);
}

/** One command line; `env` is set for it alone. */
export interface Line {
  words: string[];
  env?: Record<string, string>;
}

const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** Runs command lines in the cluster, four at a time, in one shell; each one's end, in their order. */
export async function runLines(lines: Line[], place: Place): Promise<Ended[]> {
  const commands = lines.map(({ words, env }, index) => {
    const variables = Object.entries(env ?? {}).map(([name, value]) => `${name}=${quote(value)} `);
    const command = `${variables.join('')}${words.map(quote).join(' ')}`;
    return `{ ${command} <&3 >"$d/${index}.o" 2>"$d/${index}.e"; echo $? >"$d/${index}.c"; } &${index % 4 === 3 ? ' wait' : ''}\n`;
  });
  const script = `d=$(mktemp -d); exec 3</dev/null
${commands.join('')}wait; i=0
while [ $i -lt ${lines.length} ]; do for k in c o e; do cat "$d/$i.$k"; printf '\\0'; done; i=$((i+1)); done; rm -r "$d"`;
  const { stdout, stderr } = await exec(['sh', '-s'], { ...place, input: script });
  if (stderr !== '') throw new Error(stderr);
  const parts = stdout.split('\0');
  return lines.map((_, index) => ({
    code: Number(parts[index * 3]),
    stdout: parts[index * 3 + 1] ?? '',
    stderr: parts[index * 3 + 2] ?? '',
  }));
}
