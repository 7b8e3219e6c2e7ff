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
    # a real benchmark: HPC Challenge with the MPI that it is built with
    hpcc openmpi-bin
    # for people and for what Apptainer's %post expects on a build host; libatomic1 and libstdc++6 for Node
    ca-certificates file less procps psmisc strace vim-tiny libatomic1 libstdc++6
)

apt-get update
apt-get -y install "${packages[@]}"
apt-get clean
