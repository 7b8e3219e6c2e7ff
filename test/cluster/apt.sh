# shellcheck shell=bash
# Reads from the host's apt configuration which Debian mirror it uses and how it reaches it.
# apt itself does the reading (both source formats, options, proxies); lists and cache are our own, the host's stay as they are.

own_apt_get() {
    apt-get -o Dir::State::Lists="$CLUSTER_DIR/apt/lists" -o Dir::Cache="$CLUSTER_DIR/apt/cache" \
        -o APT::Sandbox::User=root "$@"
}

# What the answer depends on; without a hash of it the mirror would be looked up at every `up`.
apt_configuration() {
    cat /etc/os-release
    apt-config dump
    find /etc/apt -name '*.sources' -o -name '*.list' | sort | while read -r file; do
        printf '%s\n' "$file"
        cat "$file"
    done
}

# First http(s) address among the given; those of apt's mirror method are looked up in its file.
first_web_address() {
    local uri line
    while read -r uri; do
        if [[ $uri == mirror+file:* ]]; then
            uri=${uri#mirror+file:}
            uri=/${uri##/}
            while read -r line _; do
                if [[ $line == http://* || $line == https://* ]]; then
                    printf '%s\n' "${line%/}"
                    return
                fi
            done <"${uri//\/\///}"
        elif [[ $uri == http://* || $uri == https://* ]]; then
            printf '%s\n' "${uri%/}"
            return
        fi
    done
}

# Addresses of the repositories whose Release file says Origin: Debian and the given label.
debian_repositories() {
    own_apt_get indextargets --format "\$(LABEL)|\$(COMPONENT)|\$(REPO_URI)" 'Created-By: Packages' 'Origin: Debian' |
        sed -n "s/^$1|main|//p"
}

# Sets APT_FACTS to a folder with `mirror`, `security` (may be empty) and `apt.conf`.
read_host_apt() {
    local key
    key=$(apt_configuration | sha256sum)
    APT_FACTS=$CLUSTER_DIR/apt/facts-${key:0:12}
    [[ -e $APT_FACTS/mirror ]] && return
    # Two clusters may be made at once.
    mkdir -p "$CLUSTER_DIR"
    exec 7>"$CLUSTER_DIR/apt.lock"
    flock 7
    [[ -e $APT_FACTS/mirror ]] || look_for_mirror
    exec 7>&-
}

look_for_mirror() {
    say "reading the host's apt configuration"
    mkdir -p "$CLUSTER_DIR"/apt/{lists,cache}/partial "$CLUSTER_DIR/apt/cache/archives/partial" "$APT_FACTS"
    # A broken repository of somebody else must not stop us: what counts is whether a Debian mirror is found.
    own_apt_get update >"$CLUSTER_DIR/apt/update.log" 2>&1 || true
    local mirror security
    mirror=$(debian_repositories Debian | first_web_address)
    security=$(debian_repositories Debian-Security | first_web_address)
    if [[ -z $mirror ]]; then
        rm -rf "$APT_FACTS"
        tail -n 5 "$CLUSTER_DIR/apt/update.log" >&2
        die 69 "no reachable Debian mirror (http or https) in this machine's apt configuration (/etc/apt/sources.list*)" \
            "Try: apt-get update, and mend what it complains about"
    fi
    {
        apt-config dump | grep -E '^Acquire::(https?::|ForceIPv|Retries|Check-Valid-Until|Check-Date)' || true
        if grep -qsiE '^(deb .*check-valid-until=no|check-valid-until: *no)' /etc/apt/sources.list /etc/apt/sources.list.d/*; then
            echo 'Acquire::Check-Valid-Until "false";'
        fi
    } >"$APT_FACTS/apt.conf"
    if grep -qE 'Proxy.*(127\.[0-9.]+|localhost|\[::1\])' "$APT_FACTS/apt.conf"; then
        say "warning: apt's proxy listens on loopback only; image builds in the cluster cannot reach it"
    fi
    printf '%s\n' "$security" >"$APT_FACTS/security"
    printf '%s\n' "$mirror" >"$APT_FACTS/mirror"
}

# Unpacks Debian packages into the cache folder instead of installing them on the host.
fetch_tools() {
    local tools=$1
    mkdir -p "$tools/bin"
    [[ -e $CLUSTER_DIR/apt/lists/lock ]] || own_apt_get update
    (cd "$tools" && own_apt_get download debootstrap debian-archive-keyring)
    local deb
    for deb in "$tools"/*.deb; do
        dpkg -x "$deb" "$tools"
    done
    # debootstrap wants wget, which a base system lacks; apt's own downloader knows the host's proxies, too.
    cat >"$tools/bin/wget" <<'END'
#!/bin/bash
while [[ $# -gt 1 ]]; do
    [[ $1 == -O ]] && target=$2
    shift
done
exec /usr/lib/apt/apt-helper -o APT::Sandbox::User=root download-file "$1" "$target"
END
    chmod +x "$tools/bin/wget"
}
