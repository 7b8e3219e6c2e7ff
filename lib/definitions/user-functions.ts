/** USER values that mean root with root's group. */
const rootUsers = new Set(['', '0', 'root', '0:0', 'root:root', 'root:0', '0:root']);

/** True for a USER that is root with root's own group, by name or number. */
export function isRoot(user: string): boolean {
  return rootUsers.has(userOf(user));
}

/** `USER name:` has no group of its own. */
export function userOf(user: string): string {
  return user.replace(/:$/, '');
}

/**
 * Shell functions for `%post` of a recipe with USER. `ctmgr_as USER DIRECTORY COMMAND…` runs a command as Docker would: names are
 * looked up in the image, HOME is the user's unless the file sets it, supplementary groups are those of `/etc/group` unless a group is
 * given (https://docs.docker.com/reference/dockerfile/#user). Where the kernel does not let the build change users (a namespace with
 * one user only) it runs as root and says so. `ctmgr_mkdir USER DIRECTORY…` makes directories, owned by that user; a number alone is
 * user and group then, as for `COPY --chown`.
 */
export const userFunctions = String.raw`
    ctmgr_find_user() {
        ctmgr_name=${'$'}{1%%:*} ctmgr_uid= ctmgr_gid= ctmgr_home=/ ctmgr_groups=
        while IFS=: read -r ctmgr_n ctmgr_x ctmgr_u ctmgr_g ctmgr_x ctmgr_h ctmgr_x; do
            if [ "$ctmgr_n" = "$ctmgr_name" ] || [ "$ctmgr_u" = "$ctmgr_name" ]; then
                ctmgr_uid=$ctmgr_u ctmgr_gid=$ctmgr_g ctmgr_home=$ctmgr_h ctmgr_login=$ctmgr_n
                break
            fi
        done </etc/passwd
        if [ -z "$ctmgr_uid" ]; then
            case $ctmgr_name in
            *[!0-9]*) echo "ctmgr: the image has no user $ctmgr_name" >&2; return 1 ;;
            esac
            ctmgr_uid=$ctmgr_name ctmgr_gid=0
        fi
        case $1 in
        *:*) ctmgr_name=${'$'}{1#*:} ;;
        *)
            while IFS=: read -r ctmgr_n ctmgr_x ctmgr_g ctmgr_x; do
                case ,$ctmgr_x, in *,"${'$'}{ctmgr_login-:}",*) ctmgr_groups=$ctmgr_groups,$ctmgr_g ;; esac
            done </etc/group
            return 0
            ;;
        esac
        while IFS=: read -r ctmgr_n ctmgr_x ctmgr_g ctmgr_x; do
            if [ "$ctmgr_n" = "$ctmgr_name" ]; then ctmgr_gid=$ctmgr_g; return 0; fi
        done </etc/group
        case $ctmgr_name in
        *[!0-9]*) echo "ctmgr: the image has no group $ctmgr_name" >&2; return 1 ;;
        esac
        ctmgr_gid=$ctmgr_name
    }
    ctmgr_as() (
        set +ex
        ctmgr_find_user "$1" || exit 1
        ctmgr_user=$1
        cd "$2" || exit 1
        shift 2
        [ -n "${'$'}{ctmgr_keep_home-}" ] || { HOME=$ctmgr_home; export HOME; }
        ctmgr_groups=${'$'}{ctmgr_groups:+--groups=${'$'}{ctmgr_groups#,}}
        set -- --reuid="$ctmgr_uid" --regid="$ctmgr_gid" "${'$'}{ctmgr_groups:---clear-groups}" "$@"
        if (ctmgr_host setpriv "$1" "$2" "$3" /bin/sh -c :) 2>/dev/null; then
            ctmgr_host setpriv "$@"
        fi
        shift 3
        echo "ctmgr: cannot become user $ctmgr_user here, running as root with HOME=$HOME" >&2
        exec "$@"
    )
    ctmgr_mkdir() (
        set +ex
        ctmgr_find_user "$1" || exit 1
        case $1 in *[!0-9]*) ;; *) ctmgr_gid=$1 ;; esac
        shift
        PATH=/usr/sbin:/usr/bin:/sbin:/bin
        for ctmgr_directory do
            [ -d "$ctmgr_directory" ] && continue
            mkdir "$ctmgr_directory" || exit 1
            chown "$ctmgr_uid:$ctmgr_gid" "$ctmgr_directory" ||
                echo "ctmgr: $ctmgr_directory stays owned by root" >&2
        done
    )`.slice(1);
