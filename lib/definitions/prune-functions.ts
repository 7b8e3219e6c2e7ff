/**
 * Shell functions for `%post` that leave out what `--exclude` names, and for `--parents` what is not named. `ctmgr_prune PATH NAME` is the
 * filter of `ctmgr_put`: of what is at a path of ours it removes what the patterns of `ctmgr_skip` match, and, if there are any, what
 * those of `ctmgr_only` do not. There is one pattern a line, as `shellPattern` writes them; the last one that matches a path or a folder
 * above it decides, `!` takes back (moby/patternmatcher). Folders stay that hold what stays.
 */
export const pruneFunctions = String.raw`
    ctmgr_prune() ( # PATH NAME
        IFS='
'
        if [ -d "$1" ] && [ ! -L "$1" ]; then ctmgr_thin "$1" ''; else ctmgr_wanted "$2" || rm -f "$1"; fi
    )
    ctmgr_thin() ( # FOLDER PREFIX
        for ctmgr_file in "$1"/* "$1"/.[!.]* "$1"/..?*; do
            [ -e "$ctmgr_file" ] || [ -L "$ctmgr_file" ] || continue
            ctmgr_path=$2${'$'}{ctmgr_file##*/}
            if [ -d "$ctmgr_file" ] && [ ! -L "$ctmgr_file" ]; then
                ctmgr_thin "$ctmgr_file" "$ctmgr_path/" || exit 1
                ctmgr_wanted "$ctmgr_path" || rmdir "$ctmgr_file" 2>/dev/null || :
            else
                ctmgr_wanted "$ctmgr_path" || rm -f "$ctmgr_file" || exit 1
            fi
        done
    )
    ctmgr_wanted() { # PATH
        [ -z "$ctmgr_only" ] || ctmgr_listed "$1" "$ctmgr_only" || return 1
        ! ctmgr_listed "$1" "$ctmgr_skip"
    }
    ctmgr_listed() { # PATH PATTERNS
        ctmgr_verdict=1
        set -f
        for ctmgr_rule in $2; do
            ctmgr_part=$1
            until ctmgr_match "$ctmgr_part" "${'$'}{ctmgr_rule#!}"; do
                case $ctmgr_part in */*) ctmgr_part=${'$'}{ctmgr_part%/*} ;; *) continue 2 ;; esac
            done
            case $ctmgr_rule in !*) ctmgr_verdict=1 ;; *) ctmgr_verdict=0 ;; esac
        done
        set +f
        return $ctmgr_verdict
    }
    ctmgr_match() { # PATH PATTERN: ** is any number of names
        case $2 in
        \*\*) return 0 ;;
        \*\*/*)
            ctmgr_match "$1" "${'$'}{2#???}" || case $1 in */*) ctmgr_match "${'$'}{1#*/}" "$2" ;; *) false ;; esac
            return
            ;;
        esac
        case ${'$'}{1%%/*} in ${'$'}{2%%/*}) ;; *) return 1 ;; esac
        case $1 in
        */*) case $2 in */*) ctmgr_match "${'$'}{1#*/}" "${'$'}{2#*/}" ;; *) return 1 ;; esac ;;
        *) case $2 in */*) return 1 ;; esac ;;
        esac
    }`.slice(1);

/**
 * A pattern of `--exclude` or of a source with `--parents` as `ctmgr_match` takes it; undefined for one that it cannot say.
 */
export function shellPattern(pattern: string): string | undefined {
  const not = pattern.startsWith('!') ? '!' : '';
  const names: string[] = [];
  for (const name of pattern.slice(not.length).split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.' && !(name === '**' && names.at(-1) === '**')) names.push(name);
  }
  if (names.length === 0 || names.some((name) => name !== '**' && name.includes('**')) || /[\n\0]/.test(pattern))
    return undefined;
  return not + names.map(shellName).join('/');
}

/** One name of a pattern for a shell's `case`, which knows `*`, `?`, `[…]` and `\` as Go does, and writes `[!…]` for `[^…]`. */
export function shellName(name: string): string {
  const others: Record<string, string> = { '[^': '[!', '[!': '[\\!' };
  return name.replace(/\\.|\[[!^]/gs, (part) => others[part] ?? part);
}
