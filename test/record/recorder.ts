import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { SlurmTools } from '../../lib/slurm/slurm-tools.ts';
import { clusterEnvironment } from '../slurm/support/cluster-environment.ts';

const tools = ['sacct', 'sacctmgr', 'salloc', 'sbatch', 'scancel', 'scontrol', 'sinfo', 'squeue', 'srun'];

/** Slurm's commands of the cluster, callable from here; every call is taken down. */
export interface Recorder {
  slurm: SlurmTools;
  /** Runs `ask` and keeps the calls that it makes under a name. */
  record(name: string, ask: () => Promise<unknown>): Promise<void>;
  /** Everything that was recorded, as test/unit/support/slurm-recording.ts reads it. */
  text(): string;
  remove(): void;
}

/**
 * Stand-ins that pass each call on to the cluster: so it is ctmgr's own code that asks, with its arguments and variables, and
 * what it gets is what Slurm printed. `user` is who asks.
 */
export function makeRecorder(user: string): Recorder {
  const folder = mkdtempSync(join(tmpdir(), 'ctmgr-record-'));
  const cluster = join(import.meta.dirname, '../cluster/cluster');
  const settings = Object.entries(clusterEnvironment(1))
    .filter(([name]) => name.startsWith('CTMGR_CLUSTER_'))
    .map(([name, value]) => `${name}='${value}'`);
  for (const tool of tools) {
    const script = `#!/bin/bash
PATH=/usr/sbin:/usr/bin:/sbin:/bin
variables=($(env | grep -E '^SLURM_[A-Z_]+=' || true))
call=$(mktemp -u '${folder}/call-'$(date +%s%N)-XXXX)
printf '%s\\0' "\${variables[@]}" ${tool} "$@" >"$call.words"
${settings.join(' ')} '${cluster}' exec -u ${user} -- env "\${variables[@]}" ${tool} "$@" >"$call.out" 2>"$call.err"
code=$?
echo $code >"$call.code"
cat "$call.out"
cat "$call.err" >&2
exit $code
`;
    writeFileSync(join(folder, tool), script);
    chmodSync(join(folder, tool), 0o755);
  }
  const sections: string[] = [];
  const takeDown = (): string[] => {
    const calls = readdirSync(folder).filter((file) => file.endsWith('.code'));
    return calls.toSorted().map((file) => {
      const part = (end: string): string => {
        const path = join(folder, file.replace(/code$/, end));
        const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
        rmSync(path, { force: true });
        return text;
      };
      const words = part('words').split('\0').filter(Boolean).map(quoteWord).join(' ');
      return `$ ${words}\n${marked('> ', part('out'))}${marked('! ', part('err'))}= ${part('code')}`;
    });
  };
  return {
    slurm: { binDir: folder, timeout: 60_000 },
    async record(name, ask) {
      takeDown();
      await ask();
      sections.push(`=== ${name}\n${takeDown().join('')}`);
    },
    text: () => sections.join('\n'),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** The unit separator, which cannot be seen, as the character that is made to show it. */
const visible = (text: string): string => text.replaceAll('\u001F', '\u241F');

const quoteWord = (word: string): string =>
  /^[\w%+,./:=@-]+$/.test(word) ? word : visible(`'${word.replaceAll("'", "'\\''")}'`);

function marked(mark: string, text: string): string {
  return text
    .replace(/\n$/, '')
    .split('\n')
    .filter((line, _index, all) => all.length > 1 || line !== '')
    .map((line) => `${mark}${visible(line)}\n`)
    .join('');
}
