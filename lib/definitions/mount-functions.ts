/**
 * Shell functions for the mounts of a RUN. `ctmgr_mount PLACE TARGET ro|rw [MODE OWNER]` puts what is at a place of ours where the
 * command expects it, and with a mode makes a directory at that place if there is none yet; `ctmgr_unmount PLACE TARGET [keep]` undoes
 * that, with the mount point if there was none, and removes what was mounted unless it is kept. A build that must not mount (without a
 * user namespace) moves it there and back, and says what that cannot do. `ctmgr_secret FILE PLACE MODE OWNER` copies a secret that was
 * given.
 *
 * As BuildKit does (moby/buildkit, executor/stubs.go): of mount points that were made, only what is empty goes away.
 */
export const mountFunctions = String.raw`
    ctmgr_mount() ( # PLACE TARGET ro|rw [MODE OWNER]
        set +ex; PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        mkdir -p /.ctmgr || exit 1
        [ $# -lt 5 ] || [ -d "$1" ] || { mkdir "$1" && chmod "$4" "$1" && chown "$5" "$1"; } || exit 1
        ctmgr_above=$2
        while [ -n "$ctmgr_above" ] && [ ! -e "$ctmgr_above" ] && [ ! -L "$ctmgr_above" ]; do
            ctmgr_above=${'$'}{ctmgr_above%/*}
        done
        printf %s. "$ctmgr_above" >"$1.above"
        [ -e "$1" ] || exit 0
        mkdir -p "${'$'}{2%/*}/" || exit 1
        if [ ! -d "$1" ]; then [ -e "$2" ] || : >"$2"; else [ -d "$2" ] || mkdir "$2"; fi || exit 1
        if (ctmgr_host mount -n --bind "$1" "$2") 2>/dev/null; then
            [ "$3" != ro ] || (ctmgr_host mount -n -o remount,bind,ro "$1" "$2") || exit 1
            : >"$1.mounted"
        else
            [ "$3" != ro ] || echo "ctmgr: this build cannot mount: $2 can be written to, and what is written is lost" >&2
            mv "$2" "$1.aside" && mv "$1" "$2"
        fi
    )
    ctmgr_unmount() ( # PLACE TARGET [keep]
        set +ex; PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        if [ -e "$1.mounted" ]; then
            rm "$1.mounted" && (ctmgr_host umount -n -l "$2") || exit 1
        elif [ -e "$1.aside" ] || [ -L "$1.aside" ]; then
            mv "$2" "$1" && mv "$1.aside" "$2" || exit 1
        fi
        [ $# -gt 2 ] || rm -rf "$1" || exit 1
        ctmgr_above=$(cat "$1.above") ctmgr_path=$2
        while [ -n "$ctmgr_path" ] && [ "$ctmgr_path" != "${'$'}{ctmgr_above%.}" ]; do
            if [ -d "$ctmgr_path" ]; then rmdir "$ctmgr_path" 2>/dev/null; else [ -s "$ctmgr_path" ] || rm -f "$ctmgr_path"; fi
            ctmgr_path=${'$'}{ctmgr_path%/*}
        done
        exit 0
    )
    ctmgr_secret() ( # FILE PLACE MODE OWNER
        set +ex; PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        [ -s "$1" ] || exit 0
        umask 077
        cp "$1" "$2" && chown "$4" "$2" && chmod "$3" "$2"
    )`.slice(1);
