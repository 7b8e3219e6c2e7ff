import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PerfEntry, PerfTable } from './support/entry.ts';

const counts = [10, 100, 1000, 10_000];

/** The instructions of files that are long in one respect only. */
const kinds: Record<string, (index: number) => string> = {
  'RUN plain': (index) => `RUN mkdir -p /a/${index}`,
  'RUN shell': (index) => `RUN make t${index} && echo "$x" >/out`,
  'RUN continued': (index) =>
    `RUN echo ${index}${' \
 word'.repeat(5)}`,
  'RUN --mount': (index) => `RUN --mount=type=cache,target=/c/${index} make`,
  'RUN here-document': (index) => `RUN <<E
echo ${index}
E`,
  ENV: (index) => `ENV V${index}=$V${index - 1}x`,
  'ENV of the base': (index) => `ENV V${index}=\${B${index}:-x}`,
  ARG: (index) => `ARG A${index}=1`,
  LABEL: (index) => `LABEL l${index}=x`,
  WORKDIR: (index) => `WORKDIR /a/${index}`,
  'USER, RUN': (index) => (index % 2 === 0 ? `USER u${index}` : 'RUN id'),
  'COPY, RUN': (index) => (index % 2 === 0 ? `COPY f /d/${index}` : 'RUN id'),
  'COPY --from': (index) => `COPY --from=i${index % 50} /x /y${index}`,
  'COPY here-document': (index) => `COPY <<E /f
text ${index}
E`,
  EXPOSE: (index) => `EXPOSE ${(index % 60_000) + 1}`,
  'FROM (1,000 at most)': (index) =>
    index % 10 === 0 ? `FROM ${index === 0 ? 'a' : `s${index - 10}`} AS s${index}` : `RUN ${index}`,
};

function ofKind(instruction: (index: number) => string, count: number): string {
  const lines = Array.from({ length: count }, (_, index) => instruction(index));
  return [...(lines[0]?.startsWith('FROM') ? [] : ['FROM a']), ...lines, ''].join('\n');
}

const pattern = ['ARG V=1', 'ENV E="a $V"', 'WORKDIR /w', 'COPY f /w/f', 'RUN make all && rm -rf /x'].concat([
  'LABEL a=b',
  'USER u',
  'RUN x',
  'USER 0',
]);

/** An ordinary mixture; its RUNs are filled up, on several lines, so that an instruction has `width` bytes on average. */
function mixture(count: number, width = 0): string {
  const runs = pattern.filter((line) => line.startsWith('RUN')).length;
  const filler = Math.round((width * pattern.length) / runs);
  const lines = Array.from({ length: count }, (_, index) => {
    const line = pattern[index % pattern.length] as string;
    if (!line.startsWith('RUN')) return line;
    const pieces = Math.ceil(filler / 10_000);
    return line + ` \\\n${'x'.repeat(filler / pieces)}`.repeat(pieces);
  });
  return ['FROM a', ...lines, ''].join('\n');
}

interface Measured {
  milliseconds: number;
  peak: number;
  idle: number;
}

/** Converts in a process of its own, as often as `seconds` allow, and once only for the peak memory. */
function convert(text: string, seconds: number): Measured {
  const folder = mkdtempSync(join(tmpdir(), 'ctmgr-perf-'));
  try {
    const file = join(folder, 'Dockerfile');
    writeFileSync(file, text);
    const program = join(import.meta.dirname, 'support/convert-file.ts');
    const flags = ['--disable-warning=ExperimentalWarning'];
    return JSON.parse(
      execFileSync(process.execPath, [...flags, program, file, String(seconds)], { encoding: 'utf8' }),
    ) as Measured;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
const rounded = (value: number): number => Number(value.toPrecision(3));

function speed(): PerfTable {
  const rows = counts.map((count) => {
    const text = mixture(count);
    const { milliseconds, peak } = convert(text, 1);
    return [count, text.length, rounded(1000 / milliseconds), rounded((milliseconds * 1000) / count), megabytes(peak)];
  });
  const columns = ['lines', 'bytes', 'files/s', 'µs/line', 'peak MB'];
  return { caption: 'An ordinary mixture of instructions: Dockerfile to definition file', columns, rows };
}

function memory(): PerfTable {
  const rows = counts.map((count) => {
    const text = mixture(count, 1e6 / count);
    const { milliseconds, peak, idle } = convert(text, 0);
    return [count, text.length, rounded(milliseconds), megabytes(peak), megabytes(peak - idle)];
  });
  const columns = ['instructions', 'bytes', 'ms (cold)', 'peak MB', 'above idle MB'];
  return { caption: 'A Dockerfile of 1 MB, converted once', columns, rows };
}

function growth(): PerfTable {
  const rows = Object.entries(kinds).map(([kind, line]) => {
    const times = [100, 1000, 10_000].map((count) => convert(ofKind(line, count), 0.3).milliseconds);
    const [, middle = 0, last = 0] = times;
    return [kind, ...times.map(rounded), rounded(last / middle)];
  });
  const columns = ['only', 'ms for 100 instructions', '1,000', '10,000', 'ratio (10: linear)'];
  return { caption: 'Files that are long in one respect', columns, rows };
}

export const entry: PerfEntry = {
  title: 'how fast and in how much memory a Dockerfile becomes a definition file',
  needsCluster: false,
  measure: async () => [speed(), memory(), growth()],
};
