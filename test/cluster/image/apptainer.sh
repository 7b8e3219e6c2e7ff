#!/bin/bash
# Inside the new root folder: Apptainer, which Debian has in sid only. Nothing else may come from there
# unless Apptainer itself depends on it.
set -euo pipefail

read -r mirror </mnt/apt/mirror
sed -e 's/^Suites:.*/Suites: sid/' -e '/^$/,$d' /etc/apt/sources.list.d/debian.sources >/etc/apt/sources.list.d/sid.sources
printf 'Package: *\nPin: release a=unstable\nPin-Priority: 50\n' >/etc/apt/preferences.d/sid

# It needs a newer C library than Debian 12's: that of Debian 13, which Slurm does not mind.
if [[ $SUITE == bookworm ]]; then
    printf '\nPackage: *\nPin: release n=trixie\nPin-Priority: 60\n' >>/etc/apt/preferences.d/sid
    sed -i 's/^Suites: sid/& trixie/' /etc/apt/sources.list.d/sid.sources
fi

apt-get update
if [[ $SUITE == bookworm ]]; then
    apt-get -y install {base-files,libc6,libc-bin,libc6-dev,libc-dev-bin}/trixie
fi
apt-get -y install apptainer/sid || {
    echo "Apptainer is in Debian sid only; the mirror $mirror must have it." >&2
    exit 1
}
# Later `apt-get install` in the running cluster should see one Debian alone.
rm /etc/apt/sources.list.d/sid.sources /etc/apt/preferences.d/sid
apt-get clean
rm -rf /var/lib/apt/lists/*
