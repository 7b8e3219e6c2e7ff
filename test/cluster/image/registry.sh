#!/bin/bash
# Inside the new root folder, in a network namespace of its own: fills the storage of the container registry.
set -euo pipefail

work=/var/image-work
registry=127.0.0.1:5000

# add_image NAME TAG FOLDER CMD... : one layer, a proper OCI configuration, pushed as NAME:TAG and NAME:latest.
add_image() {
    local name=$1 tag=$2 folder=$3 part options=()
    shift 3
    for part; do
        options+=(--config.cmd "$part")
    done
    umoci init --layout "$work/$name"
    umoci new --image "$work/$name:$tag"
    umoci insert --image "$work/$name:$tag" "$folder" /
    umoci config --image "$work/$name:$tag" --os linux --architecture "$(dpkg --print-architecture)" "${options[@]}" \
        --config.env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    for part in "$tag" latest; do
        skopeo --insecure-policy copy --dest-tls-verify=false "oci:$work/$name:$tag" "docker://$registry/$name:$part"
    done
}

make_busybox() {
    local root=$1 applet
    mkdir -p "$root"/{bin,dev,etc,home,mnt,opt,proc,root,run,sbin,srv,sys,tmp,usr/bin,usr/sbin,var/tmp}
    chmod 700 "$root/root"
    chmod 1777 "$root/tmp" "$root/var/tmp"
    cp /usr/bin/busybox "$root/bin/busybox"
    busybox --list-full | while read -r applet; do
        [[ -e $root/$applet ]] || ln -s /bin/busybox "$root/$applet"
    done
    [[ -e $root/bin/sh ]]
    printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n' >"$root/etc/passwd"
    printf 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n' >"$root/etc/group"
}

ip link set lo up
mkdir -p "$work" /var/lib/docker-registry
cat >/etc/docker/registry/config.yml <<'END'
version: 0.1
log:
  level: warn
storage:
  filesystem:
    rootdirectory: /var/lib/docker-registry
  delete:
    enabled: true
http:
  addr: 127.0.0.1:5000
END
docker-registry serve /etc/docker/registry/config.yml &
server=$!
for ((i = 0; i < 100; i++)); do
    (: </dev/tcp/127.0.0.1/5000) 2>/dev/null && break
    sleep 0.1
done

make_busybox "$work/busybox-root"
add_image busybox 1 "$work/busybox-root" sh
[[ ! -d /var/base ]] || add_image debian 13 /var/base bash

kill "$server"
wait "$server" || true
rm -rf "$work" /var/base
