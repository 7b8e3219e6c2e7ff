# shellcheck shell=bash
# exec and shell: a command in the cluster, with a clean environment as after a login.

# Node keeps the sources of ctmgr compiled here, for each user apart: half the time that a command takes to start.
COMPILE_CACHE=/var/cache/node-compile

# Sets WHO_ID, WHO_GID, WHO_HOME, WHO_SHELL from the cluster's own passwd file.
find_user() {
    local name _
    while IFS=: read -r name _ WHO_ID WHO_GID _ WHO_HOME WHO_SHELL; do
        [[ $name == "$1" ]] && return
    done <"/proc/$INIT/root/etc/passwd"
    die 64 "the cluster has no user '$1'" "Users: root ctmgr admin1 alice bob"
}

# Reads -u and -n; sets WHO, NODE and the rest of the arguments as ARGS.
exec_options() {
    local command=$1
    shift
    WHO=root NODE=mgmt
    while [[ $# -gt 0 ]]; do
        case $1 in
            -u | -n)
                [[ $# -ge 2 ]] || bad_usage "'$command $1' needs a name"
                if [[ $1 == -u ]]; then WHO=$2; else NODE=$2; fi
                shift 2
                ;;
            --)
                shift
                break
                ;;
            -*) bad_usage "unknown option '$1' of '$command'" ;;
            *) break ;;
        esac
    done
    ARGS=("$@")
}

# Becomes the command given. When this process is killed, the command inside gets SIGTERM (--pdeathsig).
enter() {
    need_cluster
    find_user "$WHO"
    local -a into=(nsenter -t "$INIT" -m -u -i -n -p --) environment=()
    if [[ $NODE != mgmt ]]; then
        # shellcheck disable=SC2153
        [[ " ${NODES[*]} " == *" $NODE "* ]] || die 64 "the cluster has no host '$NODE'" "Hosts: mgmt ${NODES[*]}"
        local pid=''
        [[ ! -r $RUN/pid/$NODE ]] || pid=$(<"$RUN/pid/$NODE")
        [[ -n $pid && -e /proc/$INIT/root/proc/$pid ]] || die 69 "node $NODE is down" "Try: $HERE/cluster heal node:$NODE"
        into+=(/usr/bin/setpriv --pdeathsig TERM /usr/bin/nsenter -t "$pid" -m -u -p --)
    fi
    local name
    for name in $(compgen -e); do
        case $name in
            CTMGR_CLUSTER_*) ;;
            CTMGR_* | NO_COLOR | TERM) environment+=("$name=${!name}") ;;
        esac
    done
    # Ctrl-C is for the command alone: were nsenter to end of it, the command would be cut short. So nsenter ignores it,
    # and since it could then not pass on a death by it either, a shell inside makes that an exit code (128 + signal).
    trap '' INT QUIT
    local guard='exec 3>&2 2>/dev/null; trap : INT QUIT; "$@" 2>&3 3>&-; exit'
    exec "${into[@]}" /usr/bin/env -i --default-signal=INT,QUIT -C "$WHO_HOME" HOME="$WHO_HOME" USER="$WHO" LOGNAME="$WHO" SHELL="$WHO_SHELL" \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 NODE_COMPILE_CACHE="$COMPILE_CACHE" "${environment[@]}" \
        /usr/bin/setpriv --reuid "$WHO_ID" --regid "$WHO_GID" --init-groups --pdeathsig TERM -- \
        /bin/bash -c "$guard" - /usr/bin/setpriv --pdeathsig TERM -- "$@"
}

cluster_exec() {
    exec_options exec "$@"
    ((${#ARGS[@]} > 0)) || bad_usage "'exec' needs a command"
    enter "${ARGS[@]}"
}

cluster_shell() {
    exec_options shell "$@"
    ((${#ARGS[@]} == 0)) || bad_usage "'shell' takes no command; use exec"
    enter /bin/bash -l
}
