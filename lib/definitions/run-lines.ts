import { mountFolder } from './copy-layout.ts';
import { quoteWord, quoteWords } from './definition-quote.ts';
import { plainKind, tidyBlanks } from './plain-command.ts';
import type { RunMount, RunStep } from './recipe-plan.ts';
import { isRoot, userOf } from './user-functions.ts';

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
  if (!isRoot(user)) return [`ctmgr_as ${quoteWords([userOf(user), cwd, ...argv])}`];
  if (form === 'shell' && cwd === '/') {
    const text = (argv.at(-1) as string).trim();
    const kind = argv.slice(0, -1).join('\0') === '/bin/sh\0-c' ? plainKind(text) : undefined;
    return [kind === 'simple' || (kind === 'list' && isLast) ? tidyBlanks(text) : quoteWords(argv)];
  }
  return [`( cd ${quoteWord(cwd)} && exec ${quoteWords(argv)} )`];
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
  const aside = `${key}-${index}`;
  const cover = `ctmgr_cover ${at} ${aside}`;
  const after = [`ctmgr_uncover ${at} ${aside}`];
  switch (type) {
    case 'bind':
      return { before: [cover, `ctmgr_move ${mountFolder(key, index)} ${at}`], variables: [], after };
    case 'cache': {
      const store = `/.ctmgr/cache-${Buffer.from(id === '' ? target : id)
        .toString('hex')
        .slice(0, 128)}`;
      const owner = `${mount.uid ?? 0}:${mount.gid ?? 0}`;
      const make = `ctmgr_folder ${store} ${mount.mode ?? '755'} ${owner}`;
      return {
        before: [cover, make, `ctmgr_move ${store} ${at}`],
        variables: [],
        after: [`ctmgr_move ${at} ${store}`, ...after],
      };
    }
    case 'tmpfs':
      return { before: [cover, `ctmgr_folder ${at} 1777 0:0`], variables: [], after };
    case 'secret': {
      const file = secretFile(id);
      const missing = `ctmgr: the build needs the secret ${id}: apptainer build --bind FILE:${file}`;
      const check = required ? [`[ -s ${file} ] || { echo ${quoteWord(missing)} >&2; exit 1; }`] : [];
      const put = `ctmgr_secret ${file} ${at} ${mount.mode ?? '400'} ${mount.uid ?? 0}:${mount.gid ?? 0}`;
      return {
        before: [...check, ...(target === '' ? [] : [cover, put])],
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
 * Shell functions for mounts: `ctmgr_cover TARGET NAME` moves away what is there and makes the folder above, `ctmgr_uncover` brings
 * it back; `ctmgr_move FROM TO` and `ctmgr_folder FOLDER MODE OWNER` do what their names say; `ctmgr_secret FILE TARGET MODE
 * OWNER` copies a secret that was given.
 */
export const mountFunctions = String.raw`
    ctmgr_cover() (
        set +ex
        PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        mkdir -p /.ctmgr "${'$'}{1%/*}/" || exit 1
        if [ -e "$1" ] || [ -L "$1" ]; then mv "$1" "/.ctmgr/aside-$2"; fi
    )
    ctmgr_uncover() (
        set +ex
        PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        rm -rf "$1" || exit 1
        if [ -e "/.ctmgr/aside-$2" ] || [ -L "/.ctmgr/aside-$2" ]; then mv "/.ctmgr/aside-$2" "$1"; fi
    )
    ctmgr_move() (
        set +ex
        PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        mv "$1" "$2"
    )
    ctmgr_folder() (
        set +ex
        PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        [ -d "$1" ] || { mkdir "$1" && chmod "$2" "$1" && chown "$3" "$1"; }
    )
    ctmgr_secret() (
        set +ex
        PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        [ -s "$1" ] || exit 0
        umask 077
        cp "$1" "$2" && chown "$4" "$2" && chmod "$3" "$2"
    )`.slice(1);
