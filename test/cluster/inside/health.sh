# shellcheck shell=bash
# Asking the daemons and nodes whether they work. Runs inside the cluster; a part of daemons.sh.
# shellcheck disable=SC2154

# One question to the daemon; true if it gives the right answer.
question() {
    runs "$1" || return
    case $1 in
        munged) munge -n >/dev/null ;;
        mariadbd) mariadb-admin --silent ping >/dev/null ;;
        slurmdbd) database_answers ;;
        slurmctld) timeout 5 scontrol ping | grep -q 'is UP' ;;
        registry) registry_answers ;;
        *) node_state "$1" | grep -qE '^(idle|mixed|allocated|completing)$' ;;
    esac
}

works() { question "$1" 2>/dev/null; }

# Slurm's clients have ended with 0 in spite of an error; what they write tells more than the exit code.
database_answers() {
    local text
    text=$(timeout 5 sacctmgr -n show cluster 2>&1) && [[ $text != *error* ]] && return
    printf '%s\n' "$text" >&2
    return 1
}

# slurmctld talks to slurmdbd: it keeps one connection open and has nothing left to send.
# (Debian calls its program slurmctld-wlm from 26.05 on.)
accounting_connected() {
    ss -Htnp state established '( dport = :6819 )' | grep -q '"slurmctld' && timeout 5 sdiag | grep -q 'DBD Agent queue size: 0$'
}

registry_answers() {
    local line
    exec 5<>/dev/tcp/127.0.0.1/5000 || return 1
    printf 'GET /v2/ HTTP/1.0\r\n\r\n' >&5
    read -r -t 5 line <&5
    exec 5>&-
    [[ $line == *' 200 '* ]]
}

node_state() { timeout 5 sinfo -h -N -n "$1" -o %T | sort -u; }

# A node has registered since it was started last: what slurmctld says of it is not about the time before.
# (Times are in whole seconds, so that slurmd listens is asked apart.)
node_registered() {
    local text started='' port=''
    text=$(SLURM_TIME_FORMAT=%s timeout 5 scontrol show node "$1")
    [[ ! $text =~ SlurmdStartTime=([0-9]+) ]] || started=${BASH_REMATCH[1]}
    [[ ! $text =~ Port=([0-9]+) ]] || port=${BASH_REMATCH[1]}
    [[ -n $started && -n $port ]] && ((started >= $(<"$pids/$1.since"))) && ss -Hltn "sport = :$port" | grep -q .
}

# A node is idle after its new start; one that was set down or drained is resumed.
resumed() {
    node_registered "$1" || return
    case $(node_state "$1") in
        idle) return 0 ;;
        *drain* | down*) scontrol update "nodename=$1" state=resume 2>/dev/null ;;
    esac
    return 1
}

# After a start, slurmctld knows the nodes of old but sends them nothing before it has heard from them.
nodes_respond() {
    local states
    # No answer says nothing about the nodes.
    states=$(timeout 5 sinfo -h -N -o '%N %T') && [[ -n $states ]] || return
    ! grep -qE "^($(running_nodes)) (.*\*|unknown.*)$" <<<"$states"
}

running_nodes() {
    local node list=none
    for node in b1 b2 c1 c2 c3 c4; do
        ! runs "$node" || list+="|$node"
    done
    printf %s "$list"
}

# Waits until NAME works. At boot, the name of what does not come is left for whoever started us.
answers() {
    local -i rounds=$(($2 * 20))
    while ((rounds-- > 0)); do
        runs "$1" || break
        works "$1" && return 0
        sleep 0.05
    done
    printf '%s' "$1" >/run/cluster/failed
    # Once more, to have its complaint in the log.
    question "$1"
}

# report DAEMON... -- NODE... : one line for each; true if all is well.
report() {
    local name word bad=0 controller=ok kind=daemon
    for name; do
        if [[ $name == -- ]]; then
            kind=node
            continue
        elif ! runs "$name"; then
            word='not running'
        elif [[ $kind == node ]]; then
            # Asking a silent slurmctld costs a timeout: once is enough.
            word='runs; its state is not known'
            [[ $controller != ok ]] || word=$(node_state "$name")
        elif works "$name"; then
            word=ok
        else
            word='does not answer'
        fi
        [[ $name != slurmctld ]] || controller=$word
        [[ $word =~ ^(ok|idle|mixed|allocated|completing)$ ]] || bad=1
        printf '%-11s %s\n' "$name" "$word"
    done
    if [[ $controller == ok ]] && ! accounting_connected; then
        bad=1
        echo 'accounting  slurmctld is not connected to slurmdbd'
    fi
    return "$bad"
}
