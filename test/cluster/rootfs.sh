# shellcheck shell=bash
# The root folder: Debian with everything the cluster needs, made once for each Slurm, shared read-only by all clusters.

# Runs one step of the making, with its name and duration for whoever watches.
step() {
    local what=$1 started=$SECONDS
    shift
    printf 'cluster:   %s ... ' "$what" >&2
    if ! "$@" >>"$MAKING.log" 2>&1 </dev/null 9>&- 8>&-; then
        printf 'failed\n' >&2
        tail -n 25 "$MAKING.log" >&2
        die 69 "making the root folder failed at: $what" "The whole log: $MAKING.log"
    fi
    printf '%d s\n' $((SECONDS - started)) >&2
}

# Name of the root folder: a hash of everything it is made from (`declare -f` leaves comments out).
rootfs_name() {
    local hash
    hash=$({
        declare -f run_debootstrap in_new_root make_root
        cat "$HERE"/image/* "$APT_FACTS/mirror" "$APT_FACTS/security" "$APT_FACTS/apt.conf"
    } | sha256sum)
    printf '%s' "$SLURM-${hash:0:12}"
}

run_debootstrap() {
    local mirror include=()
    read -r mirror <"$APT_FACTS/mirror"
    if [[ $mirror == https:* ]]; then
        include=(--include=ca-certificates)
    fi
    # (It has one script for all releases, and knows the names only of those that there were when it was packaged.)
    # Namespaces of its own, so that an interrupted run leaves no mount behind.
    PATH=$TOOLS/bin:$PATH DEBOOTSTRAP_DIR=$TOOLS/usr/share/debootstrap unshare --mount --pid --fork --kill-child --mount-proc \
        bash "$TOOLS/usr/sbin/debootstrap" --variant=minbase "${include[@]}" \
        --keyring="$TOOLS/usr/share/keyrings/debian-archive-keyring.gpg" "$SUITE" "$MAKING" "$mirror" \
        "$TOOLS/usr/share/debootstrap/scripts/sid"
}

# Runs image/SCRIPT inside the new root folder; it finds the image folder and the host's apt facts under /mnt.
# Further arguments go to unshare.
in_new_root() {
    local script=$1
    shift
    # shellcheck disable=SC2016
    unshare --mount --pid --fork --kill-child "$@" bash -euc '
        mount --make-rprivate /
        mount -t proc proc "$1/proc"
        mount -t tmpfs tmpfs "$1/mnt"
        mkdir "$1/mnt/image" "$1/mnt/apt"
        mount --bind "$2" "$1/mnt/image"
        mount --bind "$3" "$1/mnt/apt"
        cp -L "$4" "$1/etc/resolv.conf"
        exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root \
            DEBIAN_FRONTEND=noninteractive SLURM="$6" SUITE="$7" bash "/mnt/image/$5"
    ' - "$MAKING" "$HERE/image" "$APT_FACTS" "$(host_resolv_conf)" "$script" "$SLURM" "$SUITE"
}

# Removes root folders of this Slurm that no running cluster uses, but for the current one and the one used last
# (who works on two branches with different recipes should not make them anew at each change).
remove_old_roots() {
    local root run used=" $1 "
    for run in "$CLUSTER_DIR"/run/*/; do
        if [[ -r ${run}root ]] && (cluster_alive "${run%/}"); then
            used+="$(<"${run}root") "
        fi
    done
    local -i others=0
    while read -r root; do
        [[ $used != *" $root "* ]] || continue
        others+=1
        if ((others > 1)); then
            rm -rf --one-file-system "$CLUSTER_DIR/root/$root"
        fi
    done < <(find "$CLUSTER_DIR/root" -mindepth 1 -maxdepth 1 -type d -name "$SLURM-*" -printf '%T@ %f\n' | sort -rn | cut -d' ' -f2)
}

make_root() {
    MAKING=$CLUSTER_DIR/root/.making-$SLURM
    TOOLS=$CLUSTER_DIR/tools-$SLURM
    local started=$SECONDS
    rm -rf --one-file-system "$MAKING" "$TOOLS"
    mkdir -p "$CLUSTER_DIR/root" "$TOOLS"
    : >"$MAKING.log"
    say "making the cluster's root folder in $CLUSTER_DIR (once; 1 to 3 minutes)"
    step "fetching debootstrap" fetch_tools "$TOOLS"
    step "base system of Debian $DEBIAN (about 30 s)" run_debootstrap
    step "base image for the registry" in_new_root base.sh
    step "Slurm, MariaDB, registry, tools (about 40 s)" in_new_root packages.sh
    step "Apptainer" in_new_root apptainer.sh
    step "users and database" in_new_root setup.sh
    step "filling the registry (about 15 s)" in_new_root registry.sh --net
    rm -rf "$TOOLS"
    mv -T "$MAKING" "$CLUSTER_DIR/root/$1"
    say "root folder made in $((SECONDS - started)) s"
}

# Sets ROOT_NAME; makes the root folder if there is none yet. With "anew" it is made even so.
ensure_root() {
    read_host_apt
    ROOT_NAME=$(rootfs_name)
    mkdir -p "$CLUSTER_DIR/root"
    exec 8>"$CLUSTER_DIR/root-$SLURM.lock"
    flock -n 8 || { say "waiting for another checkout that is making a root folder" && flock 8; }
    if [[ ${1:-} == anew ]]; then
        rm -rf --one-file-system "$CLUSTER_DIR/root/$ROOT_NAME"
    fi
    [[ -d $CLUSTER_DIR/root/$ROOT_NAME ]] || make_root "$ROOT_NAME"
    touch "$CLUSTER_DIR/root/$ROOT_NAME"
    remove_old_roots "$ROOT_NAME"
    exec 8>&-
}

cluster_rebuild_image() {
    need_root
    need_machine
    lock_cluster
    read_host_apt
    local name run users=()
    name=$(rootfs_name)
    for run in "$CLUSTER_DIR"/run/*/; do
        if [[ -r ${run}root && $(<"${run}root") == "$name" ]] && (cluster_alive "${run%/}"); then
            users+=("$(<"${run}checkout")")
        fi
    done
    ((${#users[@]} == 0)) || die 75 "the root folder is in use by the running cluster of: ${users[*]}" "Try: cluster down there first"
    ensure_root anew
}
