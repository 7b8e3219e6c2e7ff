#!/bin/bash
# Process 1 of one node, in mount, host name and process namespaces of its own: slurmd, and the node's own temporary folders.
# Killing it is pulling the plug.
set -euo pipefail

main() {
    local node=$1 folder
    hostname "$node"
    mount -t proc proc /proc
    printf '%s\n' "$node" >"/run/hostname.$node"
    mount --bind "/run/hostname.$node" /etc/hostname
    for folder in /tmp /var/tmp /scratch; do
        mount -t tmpfs -o size=4g,mode=1777 "ctmgr-$node" "$folder"
    done
    mkdir -p "/var/spool/slurmd/$node"
    slurmd -D -N "$node" &
    # bash collects orphans while it waits; a node whose slurmd ended is still a node one can log in to.
    while :; do
        wait || true
        sleep infinity &
    done
}

main "$@"
