#!/bin/bash
# Inside the new root folder, still a bare minbase: the package sources, and a slim copy for the image debian:13.
set -euo pipefail

read -r mirror </mnt/apt/mirror
read -r security </mnt/apt/security || true
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

rm -f /etc/apt/sources.list
{
    printf 'Types: deb\nURIs: %s\nSuites: %s %s-updates\nComponents: main\nSigned-By: %s\n' "$mirror" "$SUITE" "$SUITE" "$keyring"
    if [[ -n $security ]]; then
        printf '\nTypes: deb\nURIs: %s\nSuites: %s-security\nComponents: main\nSigned-By: %s\n' "$security" "$SUITE" "$keyring"
    fi
} >/etc/apt/sources.list.d/debian.sources
cp /mnt/apt/apt.conf /etc/apt/apt.conf.d/90host
cat >/etc/apt/apt.conf.d/91slim <<'END'
APT::Install-Recommends "false";
Acquire::Languages "none";
END
cat >/etc/dpkg/dpkg.cfg.d/slim <<'END'
force-unsafe-io
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/lintian/*
END
# No daemon may start while packages are being installed.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d

find /usr/share/doc -type f ! -name copyright -delete
rm -rf /usr/share/{man,info,locale,lintian}/* /var/cache/apt/* /var/cache/debconf/*-old /var/lib/apt/lists/* /var/log/*.log
# Only where people work is there a second base image.
[[ $SLURM == 24.11 ]] || exit 0
mkdir -p /var/base
cp -a --one-file-system /bin /boot /etc /home /lib* /media /opt /root /sbin /srv /usr /var/base
mkdir -p /var/base/{dev,mnt,proc,run,sys,tmp,var}
chmod 1777 /var/base/tmp
cp -a --one-file-system /var/{backups,cache,lib,local,lock,log,mail,opt,run,spool,tmp} /var/base/var
rm -f /var/base/etc/{resolv.conf,hostname}
