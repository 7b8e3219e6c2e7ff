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
  const mounted = (...made: string[]): string => `ctmgr_mount ${[place, at, ...made].join(' ')}`;
  const after = [`ctmgr_unmount ${place} ${at}`];
  const owner = `${mount.uid ?? 0}:${mount.gid ?? 0}`;
  switch (type) {
    case 'bind':
      return { before: [mounted()], variables: [], after };
    case 'cache': {
      const name = Buffer.from(id === '' ? target : id).toString('hex');
      const store = `/.ctmgr/cache-${name.slice(0, 128)}`;
      return {
        before: [`ctmgr_mount ${store} ${at} ${mount.mode ?? '755'} ${owner}`],
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

/**
 * Shell functions for mounts. `ctmgr_mount PLACE TARGET [MODE OWNER]` puts what is at a place of ours where the command expects it,
 * moves aside what is there, and with a mode makes a directory if there is none yet; `ctmgr_unmount PLACE TARGET [keep]` undoes that
 * and removes what was mounted unless it is kept. `ctmgr_secret FILE PLACE MODE OWNER` copies a secret that was given.
 */
export const mountFunctions = String.raw`
    ctmgr_mount() ( # PLACE TARGET [MODE OWNER]
        set +ex; PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        mkdir -p /.ctmgr "${'$'}{2%/*}/" || exit 1
        [ $# -lt 4 ] || [ -d "$1" ] || { mkdir "$1" && chmod "$3" "$1" && chown "$4" "$1"; } || exit 1
        if [ -e "$2" ] || [ -L "$2" ]; then mv "$2" "$1.aside" || exit 1; fi
        [ ! -e "$1" ] || mv "$1" "$2"
    )
    ctmgr_unmount() ( # PLACE TARGET [keep]
        set +ex; PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        if [ $# -gt 2 ]; then mv "$2" "$1"; else rm -rf "$2"; fi || exit 1
        if [ -e "$1.aside" ] || [ -L "$1.aside" ]; then mv "$1.aside" "$2"; fi
    )
    ctmgr_secret() ( # FILE PLACE MODE OWNER
        set +ex; PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        [ -s "$1" ] || exit 0
        umask 077
        cp "$1" "$2" && chown "$4" "$2" && chmod "$3" "$2"
    )`.slice(1);
