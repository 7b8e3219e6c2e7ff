/**
 * Shell functions for `%post` that put files at their place by Docker's rules (https://docs.docker.com/reference/dockerfile/#copy;
 * tonistiigi/fsutil, copy/copy.go). `ctmgr_put SOURCE DESTINATION NAME OWNER MODE` copies a file, or what is in a directory;
 * `ctmgr_each FOLDER DESTINATION OWNER MODE PATTERN...` does so for every path below a folder that the patterns match, one
 * for each component. Made for dash, bash and busybox; owner and mode may be empty.
 */
export const copyFunctions = String.raw`
    ctmgr_make() {
        [ -d "$2/" ] && return 0
        case $2 in ?*/*) ctmgr_make "$1" "${'$'}{2%/*}" || return 1 ;; esac
        mkdir "$2" && { [ -z "$1" ] || chown "$1" "$2"; }
    }
    ctmgr_put() (
        set +ex
        PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        ctmgr_from=$1 ctmgr_to=${'$'}{2%/} ctmgr_rm= ctmgr_new=
        if [ -L "$1" ]; then
            ctmgr_from=$(readlink -f "$1")
            case $1 in
            /.ctmgr/*) case $ctmgr_from in /.ctmgr/*) ;; *) ctmgr_from=/.ctmgr/out ;; esac ;;
            esac
            [ -e "$ctmgr_from" ] || { echo "ctmgr: the link $1 leads out of what is copied" >&2; exit 1; }
        fi
        [ -e "$ctmgr_from" ] || { echo "ctmgr: there is no $1" >&2; exit 1; }
        case $1,$4$5 in
        /.ctmgr/*,* | *,) ;;
        *)
            mkdir -p /.ctmgr && rm -rf /.ctmgr/put && cp -a "$ctmgr_from" /.ctmgr/put || exit 1
            ctmgr_from=/.ctmgr/put
            ;;
        esac
        [ -z "$4" ] || chown -hR "$4" "$ctmgr_from" || exit 1
        [ -z "$5" ] || chmod -R "$5" "$ctmgr_from" || exit 1
        ! cp --remove-destination --help >/dev/null 2>&1 || ctmgr_rm=--remove-destination
        if [ -d "$ctmgr_from" ]; then
            case $2 in */) ;; *) [ -d "$ctmgr_to/" ] || ctmgr_new=1 ;; esac
            ctmgr_make "$4" "$ctmgr_to" || exit 1
            for ctmgr_file in "$ctmgr_from"/* "$ctmgr_from"/.[!.]* "$ctmgr_from"/..?*; do
                [ -e "$ctmgr_file" ] || [ -L "$ctmgr_file" ] || continue
                ctmgr_one "$ctmgr_file" "$ctmgr_to" "${'$'}{ctmgr_file##*/}" || exit 1
            done
            [ -z "$ctmgr_new" ] || {
                chown "$(stat -c %u:%g "$ctmgr_from")" "$ctmgr_to" && chmod "$(stat -c %a "$ctmgr_from")" "$ctmgr_to"
            }
        else
            case $2 in
            */) ctmgr_name=$3 ;;
            *) if [ -d "$ctmgr_to" ]; then ctmgr_name=$3; else ctmgr_name=${'$'}{ctmgr_to##*/} ctmgr_to=${'$'}{ctmgr_to%/*}; fi ;;
            esac
            ctmgr_make "$4" "$ctmgr_to" && ctmgr_one "$ctmgr_from" "$ctmgr_to" "$ctmgr_name"
        fi
    )
    ctmgr_one() {
        if [ -d "$1" ] && [ ! -L "$1" ]; then
            if [ -d "$2/$3" ]; then cp -a $ctmgr_rm "$1/." "$2/$3/"; else cp -a "$1" "$2/$3"; fi
        elif [ -d "$2/$3" ] && [ ! -L "$2/$3" ]; then
            echo "ctmgr: $2/$3 is a directory and would become a file" >&2
            return 1
        else
            rm -f "$2/$3" && cp -a "$1" "$2/$3"
        fi
    }
    ctmgr_each() (
        set +ex
        ctmgr_dir=$1 ctmgr_dest=$2 ctmgr_own=$3 ctmgr_bits=$4 ctmgr_pattern=$5
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
