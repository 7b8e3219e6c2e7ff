import { randomBytes } from 'node:crypto';

import { exec, output } from './cluster.ts';

/**
 * What a stand-in does: `hold`: waits until the order is taken back, then does its work; `die`: kills its caller with
 * SIGKILL before it does anything; `lose`: does its work, then kills its caller before that one gets an answer.
 * `die` and `lose` happen once.
 */
type Order = 'hold' | 'die' | 'lose';

/** A folder for `slurm.bin_dir` with stand-ins for Slurm's commands that obey orders and write down each call. */
export interface SlurmStandIns {
  /** TOML for `[slurm]`. */
  toml: string;
  order(tool: string, what: Order): Promise<void>;
  release(tool: string): Promise<void>;
  /** The calls since they were made, without `--version`; one line each. */
  calls(): Promise<string[]>;
  remove(): Promise<void>;
}

const script = `#!/bin/sh
folder=\${0%/*} tool=\${0##*/}
real=/usr/bin/$tool
[ "$1" != --version ] || exec "$real" --version
printf '%s %s\\n' "$tool" "$*" >>"$folder/calls"
order=$(cat "$folder/$tool.order" 2>/dev/null)
case $order in
  hold)
    while [ -e "$folder/$tool.order" ]; do sleep 0.05; done
    ;;
  die)
    rm "$folder/$tool.order"
    kill -KILL "$PPID"
    exit 1
    ;;
  lose)
    rm "$folder/$tool.order"
    "$real" "$@" >"$folder/lost"
    kill -KILL "$PPID"
    exit 1
    ;;
esac
exec "$real" "$@"
`;

export async function makeSlurmStandIns(): Promise<SlurmStandIns> {
  const folder = `/srv/ctmgr/stand-ins-${randomBytes(4).toString('hex')}`;
  const make =
    'mkdir "$1" && cd "$1" && cat >sbatch && chmod 755 sbatch && for t in sacct squeue scontrol scancel; do cp -p sbatch "$t"; done; ln -s /usr/bin/srun srun';
  const { code, stderr } = await exec(['sh', '-c', make, 'sh', folder], { input: script });
  if (code !== 0) throw new Error(stderr);
  return {
    toml: `bin_dir = "${folder}"`,
    async order(tool, what) {
      await output(['sh', '-c', 'printf %s "$2" >"$1"', 'sh', `${folder}/${tool}.order`, what]);
    },
    async release(tool) {
      await output(['rm', `${folder}/${tool}.order`]);
    },
    async calls() {
      const text = await output(['sh', '-c', 'cat "$1/calls" 2>/dev/null || true', 'sh', folder]);
      return text === '' ? [] : text.split('\n');
    },
    async remove() {
      await output(['rm', '-rf', '--', folder]);
    },
  };
}
