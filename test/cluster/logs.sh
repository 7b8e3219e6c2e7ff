# shellcheck shell=bash
# logs: they lie on the host, so they can be read even when the cluster is gone wrong.

cluster_logs() {
    local file
    [[ -d $RUN/log ]] || die 69 "there are no logs: the cluster is not up" "Try: $HERE/cluster up"
    if [[ $# -eq 1 ]]; then
        file=$RUN/log/${1#node:}.log
        [[ $1 != */* && -r $file ]] ||
            die 64 "no log of '$1'" "There are: $(cd "$RUN/log" && printf '%s ' *.log | sed 's/\.log//g')"
        cat "$file"
    else
        tail -n 10 "$RUN"/log/*.log
    fi
}
