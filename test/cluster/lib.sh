# shellcheck shell=bash
# Paths, messages, locks and "is it alive?", shared by all parts that run on the host.

CHECKOUT=$(cd -P "$HERE/../.." && pwd)
CLUSTER_DIR=${CTMGR_CLUSTER_DIR:-/var/cache/ctmgr-cluster}
[[ $CLUSTER_DIR == /* ]] || CLUSTER_DIR=$PWD/$CLUSTER_DIR
# Which Slurm, and the Debian release that has it. Debian 13's is the one people work with; its root folder has everything.
SLURM=${CTMGR_CLUSTER_SLURM:-24.11}
# shellcheck disable=SC2034
case $SLURM in
    22.05) SUITE=bookworm DEBIAN=12 ;;
    24.11) SUITE=trixie DEBIAN=13 ;;
    26.05) SUITE=forky DEBIAN=14 ;;
    *)
        printf "cluster: no Slurm '%s' here (CTMGR_CLUSTER_SLURM)\ncluster: Possible: 22.05 24.11 26.05\n" "$SLURM" >&2
        exit 64
        ;;
esac
OTHER_SLURM=${SLURM#24.11}
# One cluster per checkout, cache folder, name and Slurm: its run folder, network link and nftables table bear this id.
CLUSTER_ID=$(printf '%s\n' "$CHECKOUT" "$CLUSTER_DIR" ${CTMGR_CLUSTER_NAME:+"$CTMGR_CLUSTER_NAME"} ${OTHER_SLURM:+"$OTHER_SLURM"} | sha256sum)
CLUSTER_ID=${CLUSTER_ID:0:8}
RUN=$CLUSTER_DIR/run/$CLUSTER_ID
# shellcheck disable=SC2034
DAEMONS=(munged mariadbd slurmdbd slurmctld registry)
# shellcheck disable=SC2034
NODES=(b1 b2 c1 c2 c3 c4)

say() { printf 'cluster: %s\n' "$*" >&2; }

# die CODE LINE... : every line is one message.
die() {
    local code=$1
    shift
    printf 'cluster: %s\n' "$@" >&2
    exit "$code"
}

# Kernel start time of a process: with the pid it names one process for good (pids are used again).
start_time() {
    local stat fields
    read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[0]} != Z ]] || return 1
    printf '%s' "${fields[19]}"
}

# True, and INIT is set, if the first process of the cluster with this run folder runs.
cluster_alive() {
    local run=$1 start
    [[ -r $run/init ]] || return 1
    read -r INIT start <"$run/init" || return 1
    [[ -n $start && $(start_time "$INIT") == "$start" ]]
}

need_cluster() {
    need_root
    cluster_alive "$RUN" || die 69 "the cluster is not up" "Try: $HERE/cluster up"
}

need_root() {
    [[ $EUID -eq 0 ]] || die 77 "this needs root: it makes namespaces, mounts and a network of its own" "Try: sudo $HERE/cluster ..."
}

# Whoever changes the cluster holds its lock; file descriptor 9 must not reach a process that stays.
lock_cluster() {
    mkdir -p "$CLUSTER_DIR/run"
    exec 9>"$CLUSTER_DIR/run/$CLUSTER_ID.lock"
    flock -w 600 9 || die 75 "another 'cluster' command has been working on this cluster for ten minutes"
}

# Runs a command as root in the management host's namespaces, with the caller's stdio.
inside() {
    nsenter -t "$INIT" -m -u -i -n -p -- /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        HOME=/root LANG=C.UTF-8 "$@" 9>&-
}

# Polls a condition (a command) every 0.05 s, for at most $1 seconds.
wait_for() {
    local -i rounds=$(($1 * 20))
    shift
    while ((rounds-- > 0)); do
        "$@" && return 0
        sleep 0.05
    done
    return 1
}
