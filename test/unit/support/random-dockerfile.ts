import { type Arbitrary, array, boolean, constant, constantFrom, nat, oneof, record, string, tuple } from 'fast-check';

/** A random valid Dockerfile together with what Docker makes of it, worked out from the same choices and not by our own parser. */
export interface RandomDockerfile {
  text: string;
  buildArgs: Record<string, string>;
  /** What each RUN starts: its argument list and the values of `variables` then. */
  runs: { argv: string[]; values: string[] }[];
  /** What ENV leaves in the image. */
  environment: Record<string, string>;
  labels: Record<string, string>;
  entrypoint: string[];
  cmd: string[];
}

/** The variables that the programs in a random Dockerfile show. */
export const variables = ['V0', 'V1', 'V2', 'A0', 'A1'] as const;

/** What means something to a shell, to Docker, or to Apptainer. */
const hostile = [' ', '  ', '\t', '\v', '\r', '\u00a0', '\u2003', '\u0085', '\u0001', '\u001b[1m', '\u007f', '\ufeff']
  .concat(["'", '"', '`', '\\', '\\\\', "'\\''", '$', '$$', '${', '}', '${X:-y}', '$(id)', '`id`', '!', '!!', '^'])
  .concat(['*', '?', '[a-z]', '{a,b}', '~', '#', ';', '&', '&&', '|', '>', '<', '(', ')', '=', ':', '%', '%post', '@'])
  .concat([
    '-',
    '--',
    '-n',
    '--from=x',
    '{{x}}',
    '{{ y }}',
    '{{',
    'bootstrap:',
    'Bootstrap: x',
    '/.singularity.d',
    '..',
  ])
  .concat(['grüße', '✓', '😀', 'e\u0301', 'x', 'plain', '0', 'true', 'exit', 'EOF', '\\n', '\\0', '\\x41', '%s']);

const piece = oneof(
  { weight: 4, arbitrary: constantFrom(...hostile) },
  { weight: 1, arbitrary: string({ unit: 'binary', maxLength: 4 }) },
);
/** No NUL, which nothing can carry, and only text that UTF-8 can. */
const clean = (text: string): string => text.replaceAll('\0', '').toWellFormed();
const lines = array(oneof({ weight: 9, arbitrary: piece }, constantFrom('\n', '\n%x', '\r\n')), {
  maxLength: 8,
});
const anyWord = lines.map((parts) => clean(parts.join('')));
const oneLine = array(piece, { maxLength: 8 }).map((parts) => clean(parts.join('')).replaceAll('\n', ''));

/** A word of a Dockerfile that stands for these parts, of which each is text or a variable. */
type Part = { text: string } | { name: string };
const parts = array(
  oneof(
    { weight: 3, arbitrary: oneLine.map((text): Part => ({ text })) },
    { weight: 1, arbitrary: constantFrom(...variables).map((name): Part => ({ name })) },
  ),
  { maxLength: 4 },
);
type Quoting = 'double' | 'single' | 'bare';
const quoting = constantFrom<Quoting>('double', 'single', 'bare');

function writePart(part: Part, style: Quoting): string {
  if ('name' in part) return style === 'bare' ? `\${${part.name}}` : `"$${part.name}"`;
  if (style === 'double') return `"${part.text.replaceAll(/[\\"$]/g, String.raw`\$&`)}"`;
  if (style === 'single')
    return part.text
      .split("'")
      .map((text) => `'${text}'`)
      .join(String.raw`\'`);
  // An escaped blank at the end of a line would continue it.
  const bare = (char: string) => (/[A-Za-z0-9]/.test(char) ? char : /\s/.test(char) ? `'${char}'` : `\\${char}`);
  return [...part.text].map(bare).join('');
}

const instruction = oneof(
  record({
    kind: constant('env' as const),
    pairs: array(tuple(constantFrom('V0', 'V1', 'V2'), parts, quoting), { minLength: 1, maxLength: 3 }),
  }),
  record({ kind: constant('arg' as const), name: constantFrom('A0', 'A1'), value: anyWord }),
  record({
    kind: constant('label' as const),
    name: constantFrom('l0', 'org.x.y'),
    value: parts,
    style: quoting,
  }),
  record({ kind: constant('exec' as const), words: array(anyWord, { maxLength: 4 }) }),
  record({ kind: constant('shell' as const), text: oneLine }),
  record({ kind: constant('real' as const), words: array(oneLine, { maxLength: 4 }) }),
  record({ kind: constant('heredoc' as const), text: anyWord }),
);

/** Where BuildKit lets a line be continued without any change: not behind a backslash, not before what it would leave out. */
function continueLine(line: string, at: number): string {
  const place = 5 + (at % Math.max(1, line.length - 5));
  const [before, after] = [line.slice(0, place), line.slice(place)];
  const lost =
    after.trim() === '' || after.trimStart().startsWith('#') || /[\\\s]$/.test(before) || /^[\ufeff\s]/.test(after);
  const splitsChar = /[\ud800-\udbff]$/.test(before);
  return lost || splitsChar ? line : `${before}\\\n# a comment \\\n\n${after}`;
}

/** `program` writes down its arguments and the values of `variables`; in the shell form it stands for the shell. */
export function randomDockerfile(program: string): Arbitrary<RandomDockerfile> {
  const whole = record({
    instructions: array(tuple(instruction, nat(60)), { minLength: 6, maxLength: 14 }),
    entrypoint: array(anyWord, { maxLength: 3 }),
    cmd: array(anyWord, { maxLength: 3 }),
    crlf: boolean(),
  });
  return whole.map(({ instructions, entrypoint, cmd, crlf }) => {
    const values = new Map<string, string>();
    const result: RandomDockerfile = {
      text: '',
      buildArgs: {},
      runs: [],
      environment: {},
      labels: {},
      entrypoint: [program, ...entrypoint],
      cmd,
    };
    for (const [each] of instructions) {
      if (each.kind === 'arg') result.buildArgs[each.name] ??= each.value;
    }
    const out = ['FROM a'];
    const expand = (word: Part[]): string =>
      word.map((part) => ('name' in part ? (values.get(part.name) ?? '') : part.text)).join('');
    const write = (word: Part[], style: Quoting): string => word.map((part) => writePart(part, style)).join('');
    const push = (line: string, at: number) => out.push(at % 3 === 0 ? continueLine(line, at) : line);
    const ran = (argv: string[]) => result.runs.push({ argv, values: variables.map((name) => values.get(name) ?? '') });
    for (const [each, at] of instructions) {
      switch (each.kind) {
        case 'env': {
          push(`ENV ${each.pairs.map(([name, word, style]) => `${name}=${write(word, style)}`).join(' ')}`, at);
          const settled = each.pairs.map(([name, word]) => [name, expand(word)] as const);
          for (const [name, value] of settled) values.set(name, (result.environment[name] = value));
          break;
        }
        case 'arg':
          push(`ARG ${each.name}`, at);
          values.set(each.name, result.buildArgs[each.name] ?? '');
          break;
        case 'label':
          push(`LABEL ${each.name}=${write(each.value, each.style)}`, at);
          result.labels[each.name] = expand(each.value);
          break;
        case 'exec':
          push(`RUN ${JSON.stringify([program, ...each.words])}`, at);
          ran(each.words);
          break;
        case 'shell': {
          const text = `x ${each.text.replaceAll('<', '').replaceAll(/[\r\n]/g, '')} end`;
          out.push(`SHELL ${JSON.stringify([program, '-c'])}`);
          push(`RUN ${text}`, at);
          ran(['-c', text]);
          break;
        }
        case 'real': {
          const words = each.words.map((word) => word.replaceAll('<', ''));
          out.push('SHELL ["/bin/sh", "-c"]');
          push(`RUN ${[program, ...words.map((word) => `'${word.replaceAll("'", "'\\''")}'`)].join(' ')}`, at);
          ran(words);
          break;
        }
        case 'heredoc': {
          const text = `x${each.text}\n`;
          out.push(`SHELL ${JSON.stringify([program, '-c'])}`, `RUN <<END\n${text}END`);
          ran(['-c', text]);
          break;
        }
      }
    }
    out.push(`ENTRYPOINT ${JSON.stringify(result.entrypoint)}`, `CMD ${JSON.stringify(result.cmd)}`);
    const isPlain = out.every((line) => !line.startsWith('RUN <<') && !/\r/.test(line));
    result.text = out.join(crlf && isPlain ? '\r\n' : '\n');
    return result;
  });
}
