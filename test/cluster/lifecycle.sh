# shellcheck shell=bash
# up and down.

# Says what this machine lacks, before anything is tried.
need_machine() {
    local tool missing=()
    for tool in apt-get dpkg unshare nsenter setpriv flock sha256sum find perl; do
        command -v "$tool" >/dev/null || missing+=("$tool")
    done
    ((${#missing[@]} == 0)) || die 69 "not found: ${missing[*]}" "This needs Debian 12 or 13 with its base system."
    grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null ||
        die 69 "this kernel has no overlay file system (CONFIG_OVERLAY_FS)"
    unshare --mount --net --uts --ipc --pid --fork true 2>/dev/null ||
        die 77 "this machine does not let root make namespaces" "In a container: run it with all privileges (docker run --privileged)."
    [[ -e /dev/fuse ]] || modprobe fuse 2>/dev/null || say "warning: no /dev/fuse; running images as an ordinary user will fail"
}

# The pids of all first processes of this checkout's cluster, found by their arguments.
# Covers the case that the file with the pid was never written or is lost.
cluster_inits() {
    local file words
    for file in /proc/[0-9]*/cmdline; do
        mapfile -d '' -t words 2>/dev/null <"$file" || continue
        if [[ ${words[0]:-} == *@(unshare|bash) && ${words[*]: -2} == "ctmgr-cluster $CLUSTER_ID" ]]; then
            file=${file#/proc/}
            printf '%s\n' "${file%/cmdline}"
        fi
    done 2>/dev/null
}

no_inits() { [[ -z $(cluster_inits) ]]; }

# Ends whatever there is of this checkout's cluster, in any state.
stop_everything() {
    local pid ROOT_NAME=${ROOT_NAME:-}
    while read -r pid; do
        kill -KILL "$pid" 2>/dev/null || true
    done < <(cluster_inits)
    wait_for 60 no_inits || die 75 "processes of the cluster do not end: $(cluster_inits | tr '\n' ' ')"
    [[ ! -r $RUN/root ]] || ROOT_NAME=$(<"$RUN/root")
    net_down
    rm -rf --one-file-system "$RUN"
}

cluster_down() {
    need_root
    lock_cluster
    if [[ ! -e $RUN ]] && no_inits; then
        say "not up"
    else
        stop_everything
        say "down"
    fi
}

boot_finished() { [[ -e $RUN/ready || -e $RUN/failed ]] || ! cluster_alive "$RUN"; }

# What to show when it did not come up: the log of the daemon that failed.
boot_failed() {
    local daemon='' log
    [[ ! -r $RUN/failed ]] || daemon=$(<"$RUN/failed")
    say "the cluster did not come up${daemon:+: $daemon failed}"
    for log in "$RUN/log/$daemon.log" "$RUN/boot.log"; do
        [[ -s $log ]] || continue
        say "the end of ${log##*/}:"
        tail -n 20 "$log" >&2
    done
    stop_everything
    exit 1
}

boot() {
    stop_everything
    mkdir -p "$RUN/log"
    printf '%s' "$ROOT_NAME" >"$RUN/root"
    printf '%s' "$CHECKOUT" >"$RUN/checkout"
    # Looked up here: a $(...) in the background command would be a child of it, to be taken for the first process below.
    local resolv_conf
    resolv_conf=$(host_resolv_conf)
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
        setsid unshare --mount --net --uts --ipc --pid --fork --kill-child \
        /bin/bash "$HERE/boot.sh" "$RUN" "$CHECKOUT" "$ROOT_NAME" "$resolv_conf" ctmgr-cluster "$CLUSTER_ID" \
        </dev/null >>"$RUN/boot.log" 2>&1 9>&- &
    local parent=$! children=''
    disown
    while [[ -z $children && -e /proc/$parent ]]; do
        sleep 0.01
        read -r children <"/proc/$parent/task/$parent/children" || true
    done
    INIT=${children%% *}
    printf '%s %s\n' "$INIT" "$(start_time "$INIT")" >"$RUN/init" || boot_failed
    net_up
    touch "$RUN/go"
    wait_for 240 boot_finished || true
    if [[ ! -e $RUN/ready ]] || ! cluster_alive "$RUN"; then
        boot_failed
    fi
}

# The site's configuration and ctmgr's first set-up, where the checkout has them. Not worth failing `up` for.
# Done once, and again when the checkout's configuration has changed.
set_up_ctmgr() {
    local config=$CHECKOUT/test/cluster/site/config.toml
    if [[ -e $config ]] && ! cmp -s "$config" "$RUN/config.toml"; then
        rm -f "$RUN/initialised"
        inside install -m 644 /opt/ctmgr/test/cluster/site/config.toml /etc/ctmgr/config.toml </dev/null
        cp "$config" "$RUN/config.toml"
    fi
    if [[ -e $CHECKOUT/bin/ctmgr && ! -e $RUN/initialised ]]; then
        if inside ctmgr init </dev/null >"$RUN/log/init.log" 2>&1; then
            touch "$RUN/initialised"
        else
            say "warning: 'ctmgr init' failed in the cluster: $(tail -n 5 "$RUN/log/init.log")"
        fi
    fi
}

cluster_up() {
    local started=$SECONDS
    need_root
    need_machine
    lock_cluster
    if cluster_alive "$RUN" && [[ -e $RUN/ready ]]; then
        heal_everything
        set_up_ctmgr
        read_host_apt
        [[ $(<"$RUN/root") == "$(rootfs_name)" ]] ||
            say "note: its root folder's recipe has changed since it booted; 'down' and 'up' to get the new one"
        say "is up (since $(date -d "@$(stat -c %Y "$RUN/ready")" '+%H:%M:%S'))"
    else
        ensure_root
        boot
        net_probe
        set_up_ctmgr
        say "up in $((SECONDS - started)) s"
    fi
}
