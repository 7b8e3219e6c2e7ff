#!/bin/bash
# Inside the new root folder: Debian's packages for the cluster.
set -euo pipefail

packages=(
    # the cluster's daemons
    slurm-wlm slurmdbd slurm-client munge mariadb-server docker-registry
    # images: made for the registry, built and run by Apptainer
    skopeo umoci busybox-static squashfuse fuse-overlayfs uidmap fakeroot squashfs-tools
    # the network between cluster and host
    nftables iproute2
    # the SPANK plugin is compiled against the Slurm that loads it; shellcheck reads the wrapper
    gcc libc6-dev make libslurm-dev slurm-wlm-basic-plugins-dev shellcheck
    # for people and for what Apptainer's %post expects on a build host; libatomic1 and libstdc++6 for Node
    ca-certificates file less procps psmisc strace vim-tiny libatomic1 libstdc++6
)

apt-get update
apt-get -y install "${packages[@]}"
apt-get clean
