#!/bin/bash
# Inside the new root folder: Debian's packages for the cluster.
set -euo pipefail

packages=(
    # the cluster's daemons
    slurmctld slurmd slurmdbd slurm-client slurm-wlm-mysql-plugin munge mariadb-server docker-registry
    # images: made for the registry, built and run by Apptainer
    skopeo umoci busybox-static squashfuse fuse-overlayfs uidmap fakeroot squashfs-tools
    # the network between cluster and host
    nftables iproute2
    # the SPANK plugin is compiled against the Slurm that loads it
    gcc libc6-dev make libslurm-dev slurm-wlm-basic-plugins-dev
    # what a program is started by on several nodes
    libpmi2-0-dev
    # for tests, for Apptainer's %post, and for Node
    ca-certificates file procps libatomic1 libstdc++6
)
everything_else=(
    slurm-wlm
    # the builder that tests compare images with, and what looks at extended attributes
    buildah attr
    # what ADD needs: for URLs, for git repositories, and for archives in the build context
    curl git bzip2 xz-utils
    # a real benchmark: HPC Challenge with the MPI that it is built with
    hpcc openmpi-bin
    # reads the wrapper
    shellcheck
    # a real sendmail that delivers to this host, and a real rpm with its database
    dma rpm
    # what users' completion and environment modules are written for
    zsh lua5.4 tcl
    # for people
    less psmisc strace vim-tiny
)
[[ $SLURM != 24.11 ]] || packages+=("${everything_else[@]}")
# Debian testing's Slurm has no plugin for PMIx.
[[ $SLURM != 22.05 ]] || packages+=(openmpi-bin)

# Programs that only buildah's own tests use: 90 MB.
echo 'path-exclude /usr/libexec/buildah/*' >/etc/dpkg/dpkg.cfg.d/buildah
apt-get update
apt-get -y install "${packages[@]}"
apt-get clean
# The plugin for PMIx loads it by a name that comes with the development package alone.
[[ $SLURM != 22.05 ]] || ln -s libpmix.so.2 "/usr/lib/$(gcc -print-multiarch)/pmix2/lib/libpmix.so"
[[ $SLURM == 24.11 ]] || exit 0
# buildah looks for its network helper even if nothing uses it.
mkdir -p /usr/libexec/podman
ln -s /bin/false /usr/libexec/podman/netavark
