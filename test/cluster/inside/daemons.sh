# shellcheck shell=bash
# Starting and stopping each daemon and each node. Runs inside the cluster, as root on mgmt.

# The pid of each; removed when it is stopped on purpose.
pids=/run/cluster/pid
logs=/run/cluster/log

# Runs a program in the background as NAME, its output in NAME's log; nothing of the caller's stays open in it.
spawn() {
    local name=$1
    shift
    setsid "$@" </dev/null >>"$logs/$name.log" 2>&1 7>&- 8>&- 9>&- &
    printf '%s\n' $! >"$pids/$name"
}

runs() {
    local pid state
    read -r pid 2>/dev/null <"$pids/$1" || return 1
    [[ -n $pid ]] && read -r state 2>/dev/null <"/proc/$pid/stat" || return 1
    state=${state##*) }
    [[ ${state:0:1} != Z ]]
}

# A node is a process tree in namespaces of its own; its pid file names that tree's first process as seen from here.
start_node() {
    local node=$1 parent children=''
    printf '%s\n' "$EPOCHSECONDS" >"$pids/$node.since"
    spawn "$node" unshare --mount --uts --pid --fork --kill-child /bin/bash /opt/ctmgr/test/cluster/inside/node.sh "$node"
    parent=$(<"$pids/$node")
    while [[ -z $children ]] && runs "$node"; do
        sleep 0.01
        read -r children 2>/dev/null <"/proc/$parent/task/$parent/children" || true
    done
    printf '%s\n' "${children%% *}" >"$pids/$node"
}

start() {
    runs "$1" && return
    case $1 in
        munged) spawn munged setpriv --reuid munge --regid munge --init-groups munged --foreground --force ;;
        mariadbd) spawn mariadbd mariadbd --user=mysql ;;
        slurmdbd) spawn slurmdbd slurmdbd -D ;;
        slurmctld) spawn slurmctld slurmctld -D ;;
        registry) spawn registry docker-registry serve /etc/docker/registry/config.yml ;;
        *) start_node "$1" ;;
    esac
}

# stop NAME [SIGNAL]: returns when the process is gone; a frozen one is thawed first, or it could not react.
stop() {
    local pid
    runs "$1" || return 0
    pid=$(<"$pids/$1")
    kill "-${2:-TERM}" "$pid"
    kill -CONT "$pid" 2>/dev/null || true
    until_true 30 gone "$1" || kill -KILL "$pid"
    until_true 15 gone "$1" && rm "$pids/$1"
}

gone() { ! runs "$1"; }

freeze() {
    runs "$1" || return
    kill -STOP "$(<"$pids/$1")"
    until_true 30 grep -q '^State:.*stopped' "/proc/$(<"$pids/$1")/status"
}

thaw() { ! runs "$1" || kill -CONT "$(<"$pids/$1")"; }

until_true() {
    local -i rounds=$(($1 * 20))
    shift
    while ((rounds-- > 0)); do
        "$@" && return 0
        sleep 0.05
    done
    return 1
}

# shellcheck source=health.sh
. /opt/ctmgr/test/cluster/inside/health.sh
