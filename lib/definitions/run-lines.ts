import { mountFolder } from './copy-layout.ts';
import { quoteWord, quoteWords } from './definition-quote.ts';
import { plainKind, tidyBlanks } from './plain-command.ts';
import type { RunMount, RunStep } from './recipe-plan.ts';
import { isRoot, userOf } from './user-functions.ts';
import { quoteLines, wrapPlain } from './wrap-command.ts';

/** The lines of `%post` for a RUN: a process of its own, unless a plain line is exactly the same. */
export function runLines(step: RunStep, key: string, isLast: boolean, prefix = ''): string[] {
  const { script, mounts = [] } = step;
  const command = commandLines(script ? useScript(step, key) : step, isLast && mounts.length === 0 && !script);
  const before = script ? scriptLines(script.text, key, prefix) : [];
  if (mounts.length === 0) return [...before, ...command];
  const covers = mounts.map((mount, index) => mountLines(mount, key, index));
  const variables = covers.flatMap(({ variables: each }) => each);
  return [
    ...before,
    ...covers.flatMap((each) => each.before),
    ...(variables.length > 0 ? [`( set +x`, ...variables, ...command, ')'] : command),
    ...covers.toReversed().flatMap((each) => each.after),
  ];
}

function commandLines({ form, argv, cwd, user }: RunStep, isLast: boolean): string[] {
  const command =
    form === 'shell' ? `${quoteWords(argv.slice(0, -1))} ${quoteLines(argv.at(-1) as string)}` : quoteWords(argv);
  if (!isRoot(user)) return [`ctmgr_as ${quoteWords([userOf(user), cwd])} ${command}`];
  if (form === 'shell' && cwd === '/') {
    const text = (argv.at(-1) as string).trim();
    const kind = argv.slice(0, -1).join('\0') === '/bin/sh\0-c' ? plainKind(text) : undefined;
    return [kind === 'simple' || (kind === 'list' && isLast) ? wrapPlain(text, tidyBlanks) : command];
  }
  return [`( cd ${quoteWord(cwd)} && exec ${command} )`];
}

/** BuildKit mounts the script below /dev, which is the host's own while Apptainer builds. */
function useScript(step: RunStep, key: string): RunStep {
  return { ...step, argv: [...step.argv.slice(0, -1), scriptFile(key)] };
}

function scriptFile(key: string): string {
  return `/.ctmgr/script-${key}`;
}

function scriptLines(text: string, key: string, prefix: string): string[] {
  const file = scriptFile(key);
  return [`${prefix}mkdir -p /.ctmgr`, `printf %s ${quoteWord(text)} >${file}`, `${prefix}chmod 755 ${file}`];
}

/** What makes a mount be there, what makes the command see a secret in a variable, and what takes the mount away again. */
function mountLines(
  mount: RunMount,
  key: string,
  index: number,
): { before: string[]; variables: string[]; after: string[] } {
  const { type, target, id = '', env, required = false } = mount;
  const at = quoteWord(target);
  const place = mountFolder(key, index);
  const mounted = (...made: string[]): string =>
    `ctmgr_mount ${[place, at, mount.readonly ? 'ro' : 'rw', ...made].join(' ')}`;
  const after = [`ctmgr_unmount ${place} ${at}`];
  const owner = `${mount.uid ?? 0}:${mount.gid ?? 0}`;
  switch (type) {
    case 'bind':
      return { before: [mounted()], variables: [], after };
    case 'cache': {
      const name = Buffer.from(id === '' ? target : id).toString('hex');
      const store = `/.ctmgr/cache-${name.slice(0, 128)}`;
      return {
        before: [`ctmgr_mount ${store} ${at} ${mount.readonly ? 'ro' : 'rw'} ${mount.mode ?? '755'} ${owner}`],
        variables: [],
        after: [`ctmgr_unmount ${store} ${at} keep`],
      };
    }
    case 'tmpfs':
      return { before: [mounted('1777', '0:0')], variables: [], after };
    case 'secret': {
      const file = secretFile(id);
      const missing = `ctmgr: the build needs the secret ${id}: apptainer build --bind FILE:${file}`;
      const check = required ? [`[ -s ${file} ] || { echo ${quoteWord(missing)} >&2; exit 1; }`] : [];
      const put = `ctmgr_secret ${file} ${place} ${mount.mode ?? '400'} ${owner}`;
      return {
        before: [...check, ...(target === '' ? [] : [put, mounted()])],
        variables:
          env === undefined
            ? []
            : [`if [ -s ${file} ]; then ${env}=$(cat ${file}; echo .); ${env}=\${${env}%.}; export ${env}; fi`],
        after: target === '' ? [] : after,
      };
    }
    case 'ssh':
      return { before: [], variables: [], after: [] };
  }
}

/** Where a secret's file is bound while building. */
export function secretFile(id: string): string {
  return `/.ctmgr/secrets/${id}`;
}

/** Ids that can be a file name and a word of `--bind`. */
export function isSecretId(id: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(id);
}
