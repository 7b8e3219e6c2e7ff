#!/bin/bash
# Inside the new root folder: Debian's packages for the cluster.
set -euo pipefail

packages=(
    # the cluster's daemons
    slurm-wlm slurmdbd slurm-client munge mariadb-server docker-registry
    # images: made for the registry, built and run by Apptainer
    skopeo umoci busybox-static squashfuse fuse-overlayfs uidmap fakeroot squashfs-tools
    # the builder that tests compare images with, and what looks at extended attributes
    buildah attr
    # what ADD needs: for URLs, for git repositories, and for archives in the build context
    curl git bzip2 xz-utils
    # the network between cluster and host
    nftables iproute2
    # a real benchmark: HPC Challenge with the MPI that it is built with
    hpcc openmpi-bin
    # the SPANK plugin is compiled against the Slurm that loads it; shellcheck reads the wrapper
    gcc libc6-dev make libslurm-dev slurm-wlm-basic-plugins-dev shellcheck
    # what users' completion and environment modules are written for
    zsh lua5.4 tcl
    # for people and for what Apptainer's %post expects on a build host; libatomic1 and libstdc++6 for Node
    ca-certificates file less procps psmisc strace vim-tiny libatomic1 libstdc++6
)

# Programs that only buildah's own tests use: 90 MB.
echo 'path-exclude /usr/libexec/buildah/*' >/etc/dpkg/dpkg.cfg.d/buildah
apt-get update
apt-get -y install "${packages[@]}"
# buildah looks for its network helper even if nothing uses it.
mkdir -p /usr/libexec/podman
ln -s /bin/false /usr/libexec/podman/netavark
apt-get clean
