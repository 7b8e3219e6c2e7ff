# shellcheck shell=bash
# The fault diskfull: fills a file system of the cluster's own, and empties it again.

# Sets the host whose view of the path counts (mgmt or a node) and the path, from [HOST:]PATH.
disk_place() {
    DISK_NODE=mgmt DISK_PATH=$1
    if [[ $1 != /* ]]; then
        DISK_NODE=${1%%:*} DISK_PATH=${1#*:}
    fi
}

on_disk_node() {
    if [[ $DISK_NODE == mgmt ]]; then
        inside "$@" </dev/null
    else
        inside nsenter -t "$(pid_of "$DISK_NODE")" -m -p -- "$@" </dev/null
    fi
}

# Source, size in bytes and mount point of the file system that holds the path.
disk_of() { on_disk_node df -B1 --output=source,size,target -- "$1" 2>/dev/null | tail -n +2; }

# Full without using memory: the file system is a tmpfs whose limit is lowered to what is in it.
disk_full() {
    local source target size key
    disk_place "$1"
    read -r source size target < <(disk_of "$DISK_PATH") || die 66 "no such file or folder: $1"
    [[ $source == ctmgr-* && $target != / ]] ||
        die 77 "$DISK_PATH lies on '$source', which is not a limited file system of the cluster's own" \
            "Possible: /srv/ctmgr /var/lib/ctmgr /home /tmp /var/tmp /scratch /run"
    key=$RUN/diskfull.$(printf %s "$DISK_NODE:$target" | sha256sum | cut -c1-8)
    [[ ! -e $key ]] || return 0
    printf '%s\n%s\n' "$DISK_NODE:$target" "$size" >"$key"
    # shellcheck disable=SC2016
    on_disk_node /bin/bash -c '
        for ((i = 0; i < 100; i++)); do
            used=$(($(df -B1 --output=used "$1" | tail -n 1)))
            # A limit of 0 would mean none; the one page is filled.
            ((used > 0)) || { head -c 4096 /dev/zero >"$1/.diskfull"; continue; }
            # Fails when somebody has written in between.
            error=$(mount -o "remount,size=$used" "$1" 2>&1) && exit 0
        done
        echo "$error" >&2
        exit 1' - "$target" || { rm -f "$key"; return 1; }
}

# The file systems of a dead node died with it.
forget_disks() {
    local file
    for file in "$RUN"/diskfull.*; do
        if [[ -e $file && $(<"$file") == "$1:"* ]]; then
            rm "$file"
        fi
    done
}

disk_heal() {
    local target key
    disk_place "$1"
    if [[ $DISK_NODE != mgmt ]] && ! ask runs "$DISK_NODE"; then
        forget_disks "$DISK_NODE"
        return
    fi
    read -r _ _ target < <(disk_of "$DISK_PATH") || die 66 "no such file or folder: $1"
    key=$RUN/diskfull.$(printf %s "$DISK_NODE:$target" | sha256sum | cut -c1-8)
    [[ -e $key ]] || return 0
    on_disk_node mount -o "remount,size=$(sed -n 2p "$key")" "$target"
    on_disk_node rm -f "$target/.diskfull"
    rm -f "$key"
}
