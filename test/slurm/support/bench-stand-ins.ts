import { readFileSync } from 'node:fs';

const fixture = (name: string): string => readFileSync(`test/fixtures/benchmarks/${name}`, 'utf8');

/**
 * What every stand-in begins with. Only the first task prints. In the container leg of the pair at position 0 it says that it
 * ran another problem (`wrong`), at position 1 its output is cut off after six tenths.
 */
const prologue = `#!/bin/sh
here=\${0%/*} defect=none
case $CTMGR_LEG$CTMGR_POSITION in container0) defect=wrong ;; container1) defect=cut ;; esac
# expect WORDS: the arguments that the benchmark's own script has to give.
expect() { [ "$arguments" = "$*" ] || { echo "the arguments are: $arguments" >&2; exit 9; }; }
arguments=$*
# say SCRIPT: standard input, or what sed makes of it if the problem is to be another one.
say() {
  case $defect in
    none) cat ;;
    wrong) sed "$1" ;;
    cut) cat >cut && head -c $(($(wc -c <cut) * 6 / 10)) cut ;;
  esac
}
`;
const first = '[ "${SLURM_PROCID:-0}" = 0 ] || exit 0\n';

interface StandIn {
  benchmark: string;
  program: string;
  variable: string;
  /** Shell text. */
  body: string;
  sample?: string;
  words: string[];
  /** Why the pair at position 0 is refused, and that at position 1. */
  wrong: string;
  cut: string;
}

/** Programs that print recorded outputs, so that a benchmark's script, parser and checks can be driven without it. */
export const standIns: StandIn[] = [
  {
    benchmark: 'hpl',
    program: 'xhpl',
    variable: 'xhpl',
    body: `${first}[ "$(sed -n '6p;8p;11p;12p' HPL.dat | tr '\\n' ' ')" = '1000 128 1 2 ' ] || exit 9
say 's/ 128 / 64 /' <<'END'
WR11C2R4 1000 128 1 2 10.00 6.6817e-02
||Ax-b||_oo = 1.93e-03 ...... PASSED
Finished      1 tests with the following results:
              1 tests completed and passed residual checks,
End of Tests.
END`,
    words: ['--set', 'N=1000', '--set', 'NB=128', '--set', 'P=1', '--set', 'Q=2', '--tasks-per-node', '2'],
    wrong: 'container leg: NB is 64, not 128 as requested',
    cut: 'container leg: the end marker of HPL is missing',
  },
  {
    benchmark: 'ior',
    program: 'ior',
    variable: 'ior',
    sample: fixture('own-ior-4.1.0dev.txt'),
    body: `${first}for file; do :; done
echo data >"$file" || exit
arguments=\${arguments% *}
expect -w -r -e -C -t 1m -b 32m -i 3 -o
say 's/: 32 MiB/: 16 MiB/' <"$here/ior.txt"`,
    words: [
      '--nodes',
      '1',
      '--tasks-per-node',
      '2',
      '--set',
      'directory=/scratch',
      '--set',
      'block=32m',
      '--set',
      'repetitions=3',
    ],
    wrong: 'container leg: blocksize is 16 MiB, not 32 MiB as requested',
    cut: 'container leg: the summary of IOR is missing',
  },
  {
    benchmark: 'mdtest',
    program: 'mdtest',
    variable: 'mdtest',
    sample: fixture('own-mdtest-4.1.0dev.txt'),
    body: `${first}for folder; do :; done
mkdir "$folder" || exit
arguments=\${arguments% *}
expect -F -n 200 -i 1 -d
say 's/^2 tasks, 400/2 tasks, 200/' <"$here/mdtest.txt"`,
    words: ['--nodes', '1', '--tasks-per-node', '2', '--set', 'directory=/scratch', '--set', 'files=200'],
    wrong: 'container leg: files-per-task is 100, not 200 as requested',
    cut: 'container leg: the end marker of mdtest is missing',
  },
  {
    benchmark: 'imb',
    program: 'IMB-MPI1',
    variable: 'imb',
    sample: fixture('own-imb-2021.11.txt').replace('-time 0.5', '-iter 1000 -time 600'),
    body: `${first}expect -iter_policy off -iter 1000 -msglog 0:22 -time 600 PingPong Sendrecv Allreduce
say 's/-iter 1000/-iter 10/' <"$here/IMB-MPI1.txt"`,
    words: ['--set', 'benchmarks=PingPong Sendrecv Allreduce'],
    wrong: 'container leg: repetitions is 10, not 1000 as requested',
    cut: 'container leg: the end marker of IMB is missing',
  },
  {
    benchmark: 'linktest',
    program: 'mpilinktest',
    variable: 'linktest',
    sample: fixture('own-linktest-1.2p1.txt'),
    body: `${first}expect -s 1 -i 20 -I 5\nsay 's/Iteration: .*20/Iteration: 19/' <"$here/mpilinktest.txt"`,
    words: ['--tasks-per-node', '2', '--set', 'bytes=1', '--set', 'iterations=20', '--set', 'warm_up=5'],
    wrong: 'container leg: iterations is 19, not 20 as requested',
    cut: 'container leg: the Min Time of LinkTest is missing',
  },
  {
    benchmark: 'osu',
    program: 'osu_latency',
    variable: 'osu_latency',
    body: `${first}expect -m 1:4 -i 1000
printf '# OSU MPI Latency Test v7.5\\n# Datatype: MPI_CHAR.\\n# Size       Avg Latency(us)  Min Latency(us)  Iterations\\n1 1.03 1.01 1000\\n2 1.04 1.01 1000\\n4 1.05 1.01 1000\\n' |
  say '/^4 /d'`,
    words: ['--nodes', '1', '--tasks-per-node', '2', '--set', 'largest=4'],
    wrong: 'container leg: largest is 2, not 4 as requested',
    cut: 'container leg: the table of the OSU benchmark is empty',
  },
  {
    benchmark: 'stream',
    program: 'stream',
    variable: 'stream',
    sample: fixture('own-stream-5.10.txt'),
    body: `${first}expect ''
sed "s/counted = 2/counted = $OMP_NUM_THREADS/" "$here/stream.txt" | say 's/counted = 2/counted = 1/'`,
    words: ['--set', 'threads=2'],
    wrong: 'container leg: threads is 1, not 2 as requested',
    cut: 'container leg: the validation of STREAM is missing',
  },
  {
    benchmark: 'hpcg',
    program: 'xhpcg',
    variable: 'xhpcg',
    sample: fixture('own-hpcg-3.1.txt'),
    body: `${first}read -r nx ny nz <<END
$(sed -n 3p hpcg.dat)
END
[ "$(sed -n 4p hpcg.dat)" = 5 ] || exit 9
sed "/^Local Domain/{s/nx=.*/nx=$nx/;s/ny=.*/ny=$ny/;s/nz=.*/nz=$nz/}" "$here/xhpcg.txt" |
  say '/^Local Domain/s/nz=.*/nz=16/' >HPCG-Benchmark_3.1_2026-11-22_15-00-00.txt`,
    words: ['--tasks-per-node', '2', '--set', 'nx=32', '--set', 'ny=24', '--set', 'nz=40', '--set', 'seconds=5'],
    wrong: 'container leg: nz is 16, not 40 as requested',
    cut: 'container leg: the rating of HPCG is missing',
  },
];

/** Files of a folder with all stand-ins and what they print, by name. */
export function standInFiles(): Record<string, string> {
  const files = standIns.map(({ program, body }) => [program, `${prologue}${body}\n`]);
  const samples = standIns.flatMap(({ program, sample }) => (sample === undefined ? [] : [[`${program}.txt`, sample]]));
  return Object.fromEntries([...files, ...samples]);
}
