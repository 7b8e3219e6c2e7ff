#!/bin/bash
# Process 1 of the cluster (host mgmt): starts everything, then lives on to collect orphans.
# When it ends, the kernel ends every other process of the cluster.
set -Eeuo pipefail

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
here=/opt/ctmgr/test/cluster
# shellcheck source=daemons.sh
. $here/inside/daemons.sh

# Slurm looks names up with AI_ADDRCONFIG: with loopback alone it finds none, so without a way out make an interface.
network() {
    ip link set lo up
    if [[ -e /sys/class/net/eth0 && -r /run/cluster/net ]]; then
        local net
        net=$(</run/cluster/net)
        ip addr add "$net.2/24" dev eth0
        ip link set eth0 up
        ip route add default via "$net.1"
    else
        ip link add br0 type bridge
        ip addr add 10.255.255.1/32 dev br0
        ip link set br0 up
    fi
}

configure() {
    install -d -o slurm -g slurm -m 755 /run/slurm /var/spool/slurmctld /run/cluster/log
    install -d -m 755 /var/spool/slurmd /run/cluster/pid
    install -d -o munge -g munge -m 755 /run/munge
    install -d -o mysql -g mysql -m 755 /run/mysqld
    install -d -m 1777 /var/cache/node-compile
    install -m 644 $here/config/slurm.conf $here/config/cgroup.conf /etc/slurm/
    # 22.05 cannot do without a cgroup plugin; this one touches nothing as long as no other plugin uses it.
    [[ $(slurmctld -V) != *' 22.05'* ]] || sed -i 's/=disabled/=cgroup\/v1/' /etc/slurm/cgroup.conf
    install -m 600 -o slurm -g slurm $here/config/slurmdbd.conf /etc/slurm/
}

boot() {
    start munged
    start mariadbd
    start registry
    answers munged 60
    answers mariadbd 120
    start slurmdbd
    answers slurmdbd 120
    sacctmgr -i add cluster cluster >/dev/null
    start slurmctld
    local node
    for node in b1 b2 c1 c2 c3 c4; do
        start "$node"
    done
    answers slurmctld 120
    answers registry 60
    for node in b1 b2 c1 c2 c3 c4; do
        answers "$node" 120
    done
}

main() {
    trap 'echo "this failed: $BASH_COMMAND"' ERR
    hostname mgmt
    # The host connects the network first; 60 s, should whoever runs `up` be gone.
    until_true 60 test -e /run/cluster/go
    network
    configure
    boot
    touch /run/cluster/ready
    # bash collects orphans while it waits; `wait` returns when no child of its own is left.
    while :; do
        wait || true
        sleep infinity &
    done
}

main "$@"
