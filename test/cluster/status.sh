# shellcheck shell=bash
# status, and the questions that faults and up ask.

# Runs a function of inside/daemons.sh in the cluster.
ask() { inside /bin/bash -c '. /opt/ctmgr/test/cluster/inside/daemons.sh; "$@"' - "$@" </dev/null; }

cluster_status() {
    need_root
    if ! cluster_alive "$RUN" || [[ ! -e $RUN/ready ]]; then
        echo "down"
        exit 1
    fi
    local name healthy=0
    echo "up since $(date -d "@$(stat -c %Y "$RUN/ready")" '+%F %T'), root folder $(<"$RUN/root"), checkout $CHECKOUT"
    if [[ -r $RUN/net ]]; then
        echo "network     $(<"$RUN/net").0/24, masqueraded by the host"
    else
        echo "network     none to the outside"
    fi
    ask report "${DAEMONS[@]}" -- "${NODES[@]}" || healthy=1
    for name in "$RUN"/diskfull.*; do
        [[ -e $name ]] || continue
        echo "disk full   $(sed -n 1p "$name")"
        healthy=1
    done
    return "$healthy"
}
