import { exec } from './cluster.ts';

/** The file that every hostile text tries to make, somewhere. */
export const canary = 'ctmgr-was-here';
export const touch = `touch /tmp/${canary}`;

/** Everything at once: what a shell, Apptainer's own parser, mustache or a terminal might take for its own. */
export const literal = `it's "$(${touch})" \`${touch}\`; ${touch} | & > $HOME \${x:-y} \\ %post {{from}} -rf * ünï€ \\n`;
export const withNewline = `${literal}\n${touch}\n%post\n${touch}\nBootstrap: docker\n`;
export const long = 'ä"$\\'.repeat(1250);

/** No names, tags, references, selectors or NAME=VALUE. */
export const badWords = [
  'a b',
  "it's",
  'a"b"',
  `$(${touch})`,
  `\`${touch}\``,
  `x;${touch}`,
  `x|${touch}`,
  `x\n${touch}`,
  '..',
  '../../up',
  '/etc/passwd',
  '-rf',
  '--help=x',
  'ünïcode',
  'a'.repeat(5000),
  '',
  '%A_%a',
  '*',
  'Upper',
  'x\u001b[31m',
];

/** Paths of canaries anywhere on the management host and the build nodes; empty if nothing was executed. */
export async function canaries(): Promise<string> {
  const places = [
    '/tmp',
    '/var/tmp',
    '/scratch',
    '/srv',
    '/var/lib/ctmgr',
    '/root',
    '/home',
    '/run',
    '/etc',
    '/var/spool',
  ];
  const find = ['find', ...places, '-name', canary];
  const found = [];
  for (const node of ['mgmt', 'b1', 'b2']) found.push((await exec(find, { node })).stdout);
  return found.join('');
}

export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** As a value in a Dockerfile's double quotes, where only these three are escaped. */
export function dockerQuoted(text: string): string {
  return `"${text.replaceAll(/["$\\]/g, '\\$&')}"`;
}
