# shellcheck shell=bash
# fault and heal. Both return only when the new state holds.

# shellcheck source=disk.sh
. "$HERE/disk.sh"

# The pid, as the cluster counts, of a daemon or node.
pid_of() { cat "$RUN/pid/$1"; }

cluster_change() {
    local verb=$1 name=$2
    case $name in
        slurmctld:stopped) name=slurmctld ;;
        slurmctld-frozen) name=slurmctld:frozen ;;
        slurmdbd | slurmctld | slurmctld:frozen | registry) ;;
        node:*) [[ " ${NODES[*]} " == *" ${name#node:} "* ]] || bad_usage "the cluster has no node '${name#node:}'" ;;
        diskfull:/* | diskfull:mgmt:/* | diskfull:b[12]:/* | diskfull:c[1-4]:/*) ;;
        *) bad_usage "'$verb' does not know '$name'" ;;
    esac
    need_cluster
    lock_cluster
    case $verb:$name in
        fault:slurmctld:frozen) ask freeze slurmctld ;;
        fault:node:*) ask stop "${name#node:}" KILL && forget_disks "${name#node:}" ;;
        fault:diskfull:*) disk_full "${name#diskfull:}" ;;
        fault:*) ask stop "$name" ;;
        heal:slurmctld*) heal_slurmctld ;;
        heal:node:*) heal_node "${name#node:}" ;;
        heal:diskfull:*) disk_heal "${name#diskfull:}" ;;
        heal:slurmdbd) heal_slurmdbd ;;
        heal:registry) ask start registry && ask answers registry 60 ;;
    esac || die 1 "$verb $name did not work" "Try: $HERE/cluster logs"
}

heal_slurmctld() {
    ask thaw slurmctld
    ask start slurmctld
    ask answers slurmctld 90 && ask until_true 180 nodes_respond
}

heal_slurmdbd() {
    ask start slurmdbd
    ask answers slurmdbd 90
    ! ask works slurmctld || ask until_true 180 accounting_connected
}

# Waits for the new slurmd to be usable; with no slurmctld to ask there is nothing to wait for.
heal_node() {
    ask start "$1"
    ! ask works slurmctld || ask until_true 180 resumed "$1"
}

# Mends all that `fault` can break.
heal_everything() {
    local name
    for name in "$RUN"/diskfull.*; do
        [[ ! -e $name ]] || disk_heal "$(sed -n 1p "$name")"
    done
    for name in munged mariadbd registry; do
        ask works "$name" || { ask start "$name" && ask answers "$name" 90; }
    done
    ask works slurmctld || heal_slurmctld
    ask works slurmdbd || heal_slurmdbd
    for name in "${NODES[@]}"; do
        ask works "$name" || heal_node "$name"
    done
}
