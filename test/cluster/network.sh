# shellcheck shell=bash
# The cluster's way out: a veth pair to the host, masqueraded. Host side.
# ip and nft come from the root folder (chroot keeps the network namespace), since a base system may lack them.

net_link() { printf 'ctm%s' "$CLUSTER_ID"; }

# Any root folder will do; without one, the host's own program.
# ip needs /proc to find the other namespace; the mount is seen by this one process only.
in_root() {
    local folder
    for folder in "$CLUSTER_DIR/root/${ROOT_NAME:-none}" "$CLUSTER_DIR"/root/*; do
        if [[ -d $folder/usr ]]; then
            # shellcheck disable=SC2016
            unshare --mount /bin/bash -euc 'mount --bind /proc "$1/proc"; exec chroot "$@"' - "$folder" "$@" 9>&-
            return
        fi
    done
    "$@"
}

# A resolver on the host's loopback cannot be reached from the cluster; systemd-resolved names the real ones here.
host_resolv_conf() {
    if [[ ! -e /etc/resolv.conf ]]; then
        printf /dev/null
    elif grep -qE '^nameserver[[:space:]]+(127\.|::1)' /etc/resolv.conf && [[ -r /run/systemd/resolve/resolv.conf ]]; then
        printf /run/systemd/resolve/resolv.conf
    else
        printf /etc/resolv.conf
    fi
}

# Prints the first three numbers of a /24 that no address or route of the host (other clusters' included) touches.
free_subnet() {
    local -i start=$((16#${CLUSTER_ID:0:4})) i
    local net
    for ((i = 0; i < 256; i++)); do
        net=10.$((77 + (start + i) / 256 % 16)).$(((start + i) % 256))
        # (Not grep -q: it would end ip with SIGPIPE, and pipefail would make that a "no".)
        # shellcheck disable=SC2143
        if [[ -z $(in_root ip -4 route show table all root "$net.0/24") &&
            -z $(in_root ip -4 route show table all match "$net.0/24" | grep -v '^default') ]]; then
            printf %s "$net"
            return
        fi
    done
    return 1
}

# The MTU of the host's default route: a larger one in the cluster loses packets on the way.
host_mtu() {
    local device
    device=$(in_root ip -4 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
    cat "/sys/class/net/${device:-lo}/mtu"
}

# Switches forwarding on and keeps the value it had (with the boot it had it in) until the last cluster goes down.
forwarding_on() {
    local saved=$CLUSTER_DIR/run/ip_forward boot
    boot=$(</proc/sys/kernel/random/boot_id)
    if [[ ! -e $saved || $(<"$saved") != *"$boot" ]]; then
        printf '%s %s\n' "$(</proc/sys/net/ipv4/ip_forward)" "$boot" >"$saved"
    fi
    echo 1 >/proc/sys/net/ipv4/ip_forward
}

forwarding_back() {
    local saved=$CLUSTER_DIR/run/ip_forward value boot run
    [[ -e $saved ]] || return 0
    for run in "$CLUSTER_DIR"/run/*/; do
        if [[ -e ${run}net ]] && (cluster_alive "${run%/}"); then
            return
        fi
    done
    read -r value boot <"$saved"
    if [[ $boot == "$(</proc/sys/kernel/random/boot_id)" ]]; then
        printf '%s\n' "$value" >/proc/sys/net/ipv4/ip_forward
    fi
    rm -f "$saved"
}

connect() {
    local link net mtu
    link=$(net_link)
    net=$(free_subnet) || return 1
    mtu=$(host_mtu)
    printf '%s\n' "$net" >"$RUN/net"
    in_root ip link add "$link" mtu "$mtu" type veth peer name eth0 mtu "$mtu" netns "$INIT" &&
        in_root ip addr add "$net.1/24" dev "$link" &&
        in_root ip link set "$link" up &&
        forwarding_on &&
        in_root nft -f - <<END
table ip ctmgr_$CLUSTER_ID {
    chain out {
        type nat hook postrouting priority srcnat;
        ip saddr $net.0/24 oifname != "$link" masquerade
    }
}
END
}

# Connects the namespace of $INIT; without a network the cluster still works, but builds cannot fetch packages.
net_up() {
    exec 7>"$CLUSTER_DIR/run/net.lock"
    flock 7
    if ! connect >>"$RUN/boot.log" 2>&1; then
        net_remove
        say "warning: no network to the outside (see $RUN/boot.log); image builds cannot fetch packages"
    fi
    exec 7>&-
}

net_remove() {
    local link
    link=$(net_link)
    # Both may have gone by themselves, or never have been.
    [[ ! -e /sys/class/net/$link ]] || in_root ip link delete "$link" 2>/dev/null || true
    in_root nft delete table ip "ctmgr_$CLUSTER_ID" 2>/dev/null || true
    rm -f "$RUN/net"
    forwarding_back
}

# A firewall on the host may swallow what the cluster sends: better said now than found out in a build.
net_probe() {
    [[ -r $RUN/net ]] || return 0
    ! grep -q Proxy "$APT_FACTS/apt.conf" || return 0
    local mirror host port=80
    read -r mirror <"$APT_FACTS/mirror"
    [[ $mirror == http:* ]] || port=443
    host=${mirror#*://}
    host=${host%%/*}
    [[ $host != *:* ]] || port=${host##*:} host=${host%:*}
    # shellcheck disable=SC2016
    inside timeout 5 /bin/bash -c ': <"/dev/tcp/$1/$2"' - "$host" "$port" </dev/null 2>>"$RUN/boot.log" ||
        say "warning: the cluster cannot reach $host (a firewall on this machine?); image builds cannot fetch packages"
}

net_down() {
    mkdir -p "$CLUSTER_DIR/run"
    exec 7>"$CLUSTER_DIR/run/net.lock"
    flock 7
    net_remove
    exec 7>&-
}
