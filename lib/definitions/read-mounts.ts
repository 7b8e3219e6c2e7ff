import { posix } from 'node:path';
import { quote } from '../util/names.ts';
import { expandLiteral, refuse, type Stage } from './dockerfile-stage.ts';
import type { Instruction } from './read-instructions.ts';
import type { RunMount } from './recipe-plan.ts';

const types = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'] as const;
const names: Record<string, string> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
  rw: 'readwrite',
};
const known = new Set(
  'type source target from readonly readwrite id env required mode uid gid sharing size'.split(' '),
);
const switches = new Set(['readonly', 'readwrite', 'required']);

/** The mounts of a RUN (moby/buildkit, frontend/dockerfile/instructions/commands_runmount.go). Throws Refusal. */
export function readMounts(stage: Stage, instruction: Instruction): RunMount[] {
  return instruction.flags
    .filter(({ name }) => name === 'mount')
    .map(({ value = '' }) => readMount(stage, instruction, value));
}

/** The stage or image of `--mount=…,from=NAME`, for finding out what a stage needs. */
function readMount(stage: Stage, instruction: Instruction, text: string): RunMount {
  const fail = (reason: string) => refuse(instruction, 'syntax', `--mount: ${reason}`, 'check the options of --mount');
  const fields = readFields(stage, instruction, text);
  const type = types.find((each) => each === (fields.get('type') ?? 'bind').toLowerCase());
  if (!type) throw fail(`there is no type ${quote(fields.get('type') ?? '')}`);
  const target = fields.get('target');
  const source = fields.get('source');
  const id = type === 'secret' ? (source ?? fields.get('id') ?? (target && posix.basename(target))) : fields.get('id');
  const env = fields.get('env');
  if (type === 'secret' && id === undefined) throw fail('a secret needs an id or a target');
  const from = fields.get('from');
  // Without a target BuildKit mounts on the working directory.
  const elsewhere = type === 'bind' || type === 'cache' || type === 'tmpfs' ? stage.workdir : '';
  const place =
    target || (type === 'secret' && env === undefined ? `/run/secrets/${posix.basename(id ?? '')}` : elsewhere);
  const mount: RunMount = {
    type,
    target: place === '' ? '' : posix.resolve('/', stage.workdir, place),
    readonly: isSet(fields, 'readonly') ?? (type === 'bind' && isSet(fields, 'readwrite') !== true),
  };
  if (mount.target === '/' && type !== 'secret' && type !== 'ssh') throw fail('/ cannot be a target');
  if (source !== undefined && type !== 'secret') mount.source = source;
  if (from !== undefined && from !== '') mount.from = findFrom(stage, instruction, from);
  if (id !== undefined) mount.id = id;
  if (env !== undefined) mount.env = env;
  if (isSet(fields, 'required')) mount.required = true;
  for (const name of ['mode', 'uid', 'gid', 'sharing', 'size'] as const) {
    const value = fields.get(name);
    if (value !== undefined) mount[name] = value;
  }
  return mount;
}

function findFrom(stage: Stage, instruction: Instruction, from: string) {
  return stage.file.findImage(stage, instruction, from);
}

function readFields(stage: Stage, instruction: Instruction, text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const field of text.match(/(?:"(?:[^"]|"")*"|[^,])+/g) ?? []) {
    const plain = field.replace(/^"(.*)"$/s, '$1').replaceAll('""', '"');
    const equals = plain.indexOf('=');
    const word = (equals < 0 ? plain : plain.slice(0, equals)).toLowerCase();
    const name = names[word] ?? word;
    const value = equals < 0 ? undefined : plain.slice(equals + 1);
    if (!known.has(name) || (value === undefined && !switches.has(name))) {
      throw refuse(instruction, 'syntax', `--mount: ${quote(plain)} is not an option`, 'write NAME=VALUE,…');
    }
    if (name === 'from' && value?.includes('$')) {
      throw refuse(instruction, 'syntax', 'variables in from= are not supported', 'name a stage: FROM $X AS name');
    }
    fields.set(name, value === undefined ? 'true' : expandLiteral(stage, instruction, value));
  }
  return fields;
}

function isSet(fields: ReadonlyMap<string, string>, name: string): boolean | undefined {
  const value = fields.get(name);
  return value === undefined ? undefined : ['true', '1', 't'].includes(value.toLowerCase());
}
