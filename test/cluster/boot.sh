#!/bin/bash
# The first process of a cluster, in fresh namespaces: puts its file system together, makes it the root and goes on there.
# Arguments: run folder, checkout, name of the root folder, resolv.conf; the two after them only mark the process.
set -Eeuo pipefail

run=$1 checkout=$2 root_name=$3 resolv_conf=$4
new=$run/root.mnt

own_tmpfs() { # NAME SIZE MODE TARGET
    mkdir -p "$new$4"
    mount -t tmpfs -o "size=$2,mode=$3" "ctmgr-$1" "$new$4"
}

# A device node, or the host's own where making one is not allowed.
device() { # NAME MAJOR MINOR
    mknod -m 666 "$new/dev/$1" c "$2" "$3" 2>/dev/null && return
    touch "$new/dev/$1"
    mount --bind "/dev/$1" "$new/dev/$1"
}

make_dev() {
    mount -t tmpfs -o mode=755,size=1m dev "$new/dev"
    device null 1 3
    device zero 1 5
    device full 1 7
    device random 1 8
    device urandom 1 9
    device tty 5 0
    device fuse 10 229
    mkdir "$new/dev/pts" "$new/dev/shm" "$new/dev/mqueue"
    mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 devpts "$new/dev/pts"
    ln -s pts/ptmx "$new/dev/ptmx"
    ln -s /proc/self/fd "$new/dev/fd"
    ln -s /proc/self/fd/0 "$new/dev/stdin"
    ln -s /proc/self/fd/1 "$new/dev/stdout"
    ln -s /proc/self/fd/2 "$new/dev/stderr"
    own_tmpfs shm 1g 1777 /dev/shm
    mount -t mqueue mqueue "$new/dev/mqueue"
}

# Names for the cluster's hosts, and what the host knows besides itself (a mirror may be reachable by such a name only).
write_hosts() {
    printf '127.0.0.1 localhost\n::1 localhost\n127.0.0.1 mgmt b1 b2 c1 c2 c3 c4\n'
    grep -svE '^[[:space:]]*(#|127\.|::1|fe00::|ff0[0-9]::|$)' /etc/hosts || true
}

main() {
    trap 'echo "this failed: $BASH_COMMAND"' ERR
    cd "$run"
    mount --make-rprivate /
    # The private upper layer: gone with the last process of the cluster.
    mkdir rw root.mnt
    mount -t tmpfs -o size=2g,mode=755 ctmgr-root rw
    mkdir rw/upper rw/work
    chmod 755 rw/upper
    # Relative paths, since colons and commas in the cache folder's name would end the option.
    mount -t overlay -o "lowerdir=../../root/$root_name,upperdir=rw/upper,workdir=rw/work" overlay root.mnt

    own_tmpfs share 4g 755 /srv/ctmgr
    own_tmpfs state 1g 755 /var/lib/ctmgr
    own_tmpfs tmp 4g 1777 /tmp
    own_tmpfs vartmp 4g 1777 /var/tmp
    own_tmpfs scratch 4g 1777 /scratch
    own_tmpfs run 512m 755 /run
    own_tmpfs home 4g 755 /mnt
    cp -a "$new/home/." "$new/mnt/"
    mount --move "$new/mnt" "$new/home"
    make_dev
    mount -t proc proc "$new/proc"
    mount -t sysfs -o ro sysfs "$new/sys"

    mkdir "$new/run/cluster" "$new/run/lock"
    mount --bind "$run" "$new/run/cluster"
    mount --bind "$checkout" "$new/opt/ctmgr"
    mount -o remount,bind,ro "$new/opt/ctmgr"

    rm -f "$new/etc/resolv.conf" "$new/etc/hosts"
    cp -L "$resolv_conf" "$new/etc/resolv.conf"
    write_hosts >"$new/etc/hosts"
    chmod 644 "$new/etc/resolv.conf" "$new/etc/hosts"
    printf 'mgmt\n' >"$new/etc/hostname"

    cd "$new"
    pivot_root . mnt
    cd /
    umount -l /mnt
    exec /bin/bash /opt/ctmgr/test/cluster/inside/init.sh "${@:5}"
}

main "$@"
