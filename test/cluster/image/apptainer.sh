#!/bin/bash
# Inside the new root folder: Apptainer, which Debian has in sid only. Nothing else may come from there
# unless Apptainer itself depends on it.
set -euo pipefail

read -r mirror </mnt/apt/mirror
sed -e 's/^Suites:.*/Suites: sid/' -e '/^$/,$d' /etc/apt/sources.list.d/debian.sources >/etc/apt/sources.list.d/sid.sources
printf 'Package: *\nPin: release a=unstable\nPin-Priority: 50\n' >/etc/apt/preferences.d/sid

apt-get update
apt-get -y install apptainer/sid || {
    echo "Apptainer is in Debian sid only; the mirror $mirror must have it." >&2
    exit 1
}
# Later `apt-get install` in the running cluster should see Debian 13 alone.
rm /etc/apt/sources.list.d/sid.sources /etc/apt/preferences.d/sid
apt-get clean
rm -rf /var/lib/apt/lists/*
