/** Our own commands are found whatever PATH the recipe has. */
const quiet = 'set +ex; PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What Apptainer or ctmgr have in the root folder of every stage while building: each image has its own. */
export const ownNames =
  '.singularity.d .exec .run .shell .test .post.script environment singularity .ctmgr .ctmgr-out dev proc sys'.split(
    ' ',
  );

/**
 * Shell functions for `%post` that put files at their place by Docker's rules (https://docs.docker.com/reference/dockerfile/#copy;
 * tonistiigi/fsutil, copy/copy.go): what is in a directory, not the directory itself, so that a new destination is an ordinary
 * directory (moby/buildkit issue 1941). Made for dash, bash and busybox.
 *
 * `ctmgr_put SOURCE DESTINATION NAME OWNER MODE` moves a file, or what is in a directory; owner and mode may be empty. Moving keeps
 * hard links and attributes, for which not every `cp` does. What is not in our own folder, or a link, is copied before;
 * the function `ctmgr_filter` then takes from it what is not wanted.
 * `ctmgr_each FOLDER DESTINATION OWNER MODE PATTERN...` puts every path below a folder that the patterns match, one for each
 * component; one match may be a link to another, so nothing is moved. `ctmgr_root` copies a whole stage within itself. `ctmgr_untar ARCHIVE DIRECTORY` unpacks what comes from the
 * build context: existing links to directories are kept, which only GNU tar has to be told; other files and links are replaced.
 */
export const copyFunctions = String.raw`
    ctmgr_untar() ( # ARCHIVE DIRECTORY
        ${quiet}
        mkdir -p "$2" || exit 1
        ! tar --keep-directory-symlink --version >/dev/null 2>&1 || ctmgr_keep=--keep-directory-symlink
        exec tar -x -o -p -f "$1" -C "$2" ${'$'}{ctmgr_keep-}
    )
    ctmgr_make() { # OWNER DIRECTORY
        [ -d "$2/" ] && return 0
        case $2 in ?*/*) ctmgr_make "$1" "${'$'}{2%/*}" || return 1 ;; esac
        mkdir "$2" && { [ -z "$1" ] || chown "$1" "$2"; }
    }
    ctmgr_place() { # FILE PATH: a directory joins one that is there
        # These two are mounted, here and in every container.
        case $2 in /etc/hosts | /etc/resolv.conf) return 0 ;; esac
        if [ -d "$1" ] && [ ! -L "$1" ] && [ -d "$2" ]; then
            chown "$(stat -c %u:%g "$1")" "$2/" && chmod "$(stat -c %a "$1")" "$2/" && ctmgr_merge "$1" "$2"
        elif [ -d "$2" ] && [ ! -L "$2" ]; then
            echo "ctmgr: $2 is a directory and would become a file" >&2
            return 1
        else
            rm -f "$2" && mv "$1" "$2"
        fi
    }
    ctmgr_merge() ( # FOLDER FOLDER
        for ctmgr_file in "$1"/* "$1"/.[!.]* "$1"/..?*; do
            [ -e "$ctmgr_file" ] || [ -L "$ctmgr_file" ] || continue
            ctmgr_place "$ctmgr_file" "$2/${'$'}{ctmgr_file##*/}" || exit 1
        done
    )
    ctmgr_put() ( # SOURCE DESTINATION NAME OWNER MODE
        ${quiet}
        ctmgr_from=$1 ctmgr_to=${'$'}{2%/}
        [ ! -L "$1" ] || ctmgr_from=$(readlink -f "$1")
        case $1 in
        /.ctmgr/*)
            case $ctmgr_from in /.ctmgr/*) ;; *)
                echo "ctmgr: the link $1 leads out of what is copied" >&2
                exit 1
            esac
            ;;
        *) ctmgr_copy=1 ;;
        esac
        [ -e "$ctmgr_from" ] || { echo "ctmgr: there is no $1" >&2; exit 1; }
        if [ -n "$ctmgr_copy" ] || [ -L "$1" ]; then
            mkdir -p /.ctmgr && rm -rf /.ctmgr/put && cp -a "$ctmgr_from" /.ctmgr/put || exit 1
            ctmgr_from=/.ctmgr/put
        fi
        ${'$'}{ctmgr_filter:-:} "$ctmgr_from" "$3" || exit 1
        [ -e "$ctmgr_from" ] || exit 0
        [ -z "$4" ] || chown -hR "$4" "$ctmgr_from" || exit 1
        [ -z "$5" ] || chmod -R "$5" "$ctmgr_from" || exit 1
        if [ -d "$ctmgr_from" ]; then
            ctmgr_make "$4" "$ctmgr_to" && ctmgr_merge "$ctmgr_from" "$ctmgr_to"
        else
            case $2 in
            */) ctmgr_to=$ctmgr_to/$3 ;;
            *) [ ! -d "$ctmgr_to" ] || ctmgr_to=$ctmgr_to/$3 ;;
            esac
            ctmgr_make "$4" "${'$'}{ctmgr_to%/*}" && ctmgr_place "$ctmgr_from" "$ctmgr_to"
        fi
    )
    ctmgr_root() ( # all of this stage but what is Apptainer's and ours, in /.ctmgr/root
        set +ex
        rm -rf /.ctmgr/root && mkdir -p /.ctmgr/root || exit 1
        for ctmgr_file in /* /.[!.]* /..?*; do
            case $ctmgr_file in ${ownNames.map((name) => `/${name}`).join(' | ')}) continue ;; esac
            [ ! -e "$ctmgr_file" ] && [ ! -L "$ctmgr_file" ] || cp -a "$ctmgr_file" /.ctmgr/root/ || exit 1
        done
    )
    ctmgr_each() ( # FOLDER DESTINATION OWNER MODE PATTERN...
        set +ex
        ctmgr_copy=1 ctmgr_dir=$1 ctmgr_dest=$2 ctmgr_own=$3 ctmgr_bits=$4 ctmgr_pattern=$5
        shift 5
        for ctmgr_found in "$ctmgr_dir"/* "$ctmgr_dir"/.[!.]* "$ctmgr_dir"/..?*; do
            [ -e "$ctmgr_found" ] || [ -L "$ctmgr_found" ] || continue
            case ${'$'}{ctmgr_found##*/} in $ctmgr_pattern) ;; *) continue ;; esac
            if [ $# -eq 0 ]; then
                ctmgr_put "$ctmgr_found" "$ctmgr_dest" "${'$'}{ctmgr_found##*/}" "$ctmgr_own" "$ctmgr_bits" || exit 1
            elif [ -d "$ctmgr_found" ]; then
                ctmgr_each "$ctmgr_found" "$ctmgr_dest" "$ctmgr_own" "$ctmgr_bits" "$@" || exit 1
            fi
        done
    )`.slice(1);
