# shellcheck shell=sh disable=SC2034,SC2154 # shared with srun, which sources this
# From the name of an image to its exact file.

# ctmgr_resolve NAME | NAME:TAG | NAME@sha256:HEX: sets ctmgr_image to the absolute path of a readable image, or ends.
# Names are checked before they become part of a path; the result has to lie in the builds folder of its place: the share
# itself, or private/GROUP for one of the caller's groups. What others may read is not told from what does not exist.
ctmgr_resolve() {
  case $1 in
    *@*)
      ctmgr_check_name "${1%%@*}" "$1"
      ctmgr_hash=${1#*@sha256:}
      case $ctmgr_hash in *[!0123456789abcdef]*) ctmgr_hash='' ;; esac
      { [ "$1" = "${1%%@*}@sha256:$ctmgr_hash" ] && [ "${#ctmgr_hash}" -eq 64 ]; } ||
        ctmgr_fail 64 'a digest is sha256: and 64 hexadecimal digits'
      ctmgr_look_up "$ctmgr_name" "tag\":\"[0-9.-]*\",\"sha256\":\"$ctmgr_hash\"" "$1" ''
      ;;
    *:*)
      ctmgr_check_name "${1%%:*}" "$1"
      ctmgr_tag=${1#*:}
      case $ctmgr_tag in
        *[!0123456789.-]* | *.*.* | *. | *.0*) ctmgr_tag='' ;;
        [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].[0-9]*) ;;
        *) ctmgr_tag='' ;;
      esac
      [ -n "$ctmgr_tag" ] || ctmgr_fail 64 'a build tag looks like 2026-11-22.1' 'ctmgr list'
      ctmgr_look_up "$ctmgr_name" "tag\":\"$ctmgr_tag\",\"sha256\":\"[0-9a-f]*\"" "$1" "$ctmgr_tag"
      ;;
    *)
      ctmgr_check_name "$1" "$1"
      ctmgr_current "$ctmgr_name"
      ;;
  esac
  ctmgr_pin "$1"
}

# [a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?
ctmgr_check_name() {
  ctmgr_name=$1
  case $ctmgr_name in
    '' | *[!abcdefghijklmnopqrstuvwxyz0123456789._-]* | [._-]* | *[._-]) ctmgr_name='' ;;
  esac
  [ -n "$ctmgr_name" ] && [ "${#ctmgr_name}" -le 64 ] && return
  case $2 in
    *.sif) ctmgr_fail 64 'an image file of your own cannot be given to --container yet' 'srun apptainer exec FILE COMMAND' ;;
    *) ctmgr_fail 64 'the value of --container is not the name of an image' 'ctmgr list' ;;
  esac
}

# What the name means now.
ctmgr_current() {
  ctmgr_place=$ctmgr_share
  ctmgr_image=$ctmgr_place/current/$1.sif
  [ -d "$ctmgr_share/current" ] ||
    ctmgr_fail 69 "there are no images in $ctmgr_share on this machine: is the file system mounted?" "ls $ctmgr_share"
  [ -x "$ctmgr_share/current" ] || ctmgr_fail 77 "the images in $ctmgr_share are not available to you"
  if [ -L "$ctmgr_image" ]; then return; fi
  ctmgr_find_groups
  for ctmgr_group in $ctmgr_groups; do
    ctmgr_place=$ctmgr_share/private/$ctmgr_group
    ctmgr_image=$ctmgr_place/current/$1.sif
    if [ -L "$ctmgr_image" ]; then return; fi
  done
  ctmgr_unknown "$1"
}

# Sets ctmgr_groups to those of the caller's groups that have images of their own.
ctmgr_find_groups() {
  ctmgr_groups=''
  for ctmgr_group in $(id -Gn 2>/dev/null); do
    case $ctmgr_group in */* | .* | *[*?[]*) continue ;; esac
    if [ -d "$ctmgr_share/private/$ctmgr_group/current" ]; then ctmgr_groups="$ctmgr_groups $ctmgr_group"; fi
  done
}

# ctmgr_look_up NAME PATTERN REFERENCE TAG: the file of an exact build, by its tag or from the catalogues (one image a line). They list
# the newest builds of each name.
ctmgr_look_up() {
  ! ctmgr_look_at "$ctmgr_share" "$@" || return 0
  [ -r "$ctmgr_share/catalog.json" ] ||
    ctmgr_fail 69 "cannot read $ctmgr_share/catalog.json on this machine: is the file system mounted?" "ls $ctmgr_share"
  ctmgr_escaped=$1
  case $1 in *.*) ctmgr_escaped=$(printf '%s' "$1" | sed 's/\./[.]/g') ;; esac
  ctmgr_look_in "$ctmgr_share" "$@" && return
  ctmgr_find_groups
  for ctmgr_group in $ctmgr_groups; do
    ctmgr_look_in "$ctmgr_share/private/$ctmgr_group" "$@" && return
  done
  ctmgr_unknown "$3"
}

# ctmgr_look_at PLACE NAME PATTERN REFERENCE TAG: true if the build has been published there, which the digest beside it shows.
ctmgr_look_at() {
  ctmgr_place=$1
  ctmgr_image=$1/builds/$5/$2.sif
  [ -n "$5" ] && [ -r "$ctmgr_image.sha256" ]
}

# The same, with the catalogue.
ctmgr_look_in() {
  ! ctmgr_look_at "$@" || return 0
  ctmgr_image=''
  if [ -r "$1/catalog.json" ]; then
    ctmgr_image=$(LC_ALL=C sed -n \
      "s/^ *{\"name\":\"$ctmgr_escaped\",\"$3,\"file\":\"\\(\\/[^\"\\\\]*\\)\".*/\\1/p" "$1/catalog.json" | head -n 1)
  fi
  [ -z "$ctmgr_image" ] || return 0
  [ -n "$5" ] || return 1
  ctmgr_image=$1/builds/$5/$2.sif
  [ -f "$ctmgr_image" ] && [ -r "$ctmgr_image" ]
}

ctmgr_unknown() { ctmgr_fail 66 "there is no image $1, or it is not available to you" 'ctmgr list'; }

# Follows links to the file itself, once, so that all tasks see the same one whatever `current` means later.
ctmgr_pin() {
  ctmgr_link=$ctmgr_image
  # Both with one program: each takes about a millisecond to start.
  if ! ctmgr_found=$(readlink -f -- "$ctmgr_place/builds" "$ctmgr_link"); then
    # Perhaps a folder on the way that the caller may not enter; a link in current/ is relative to it.
    ctmgr_folder=$(readlink -- "$ctmgr_link") || ctmgr_folder=$ctmgr_link
    case $ctmgr_folder in /*) ;; *) ctmgr_folder=$ctmgr_place/current/$ctmgr_folder ;; esac
    ctmgr_folder=${ctmgr_folder%/*}
    if [ -d "$ctmgr_folder" ] && [ ! -x "$ctmgr_folder" ]; then ctmgr_fail 77 "image $1 is not available to you"; fi
    ctmgr_fail 69 "the file of image $1 is not there, or not available to you" 'tell the admins of ctmgr'
  fi
  ctmgr_builds=${ctmgr_found%%"$ctmgr_newline"*} ctmgr_image=${ctmgr_found#*"$ctmgr_newline"}
  case $ctmgr_image in
    "$ctmgr_builds"/*) ;;
    *) ctmgr_fail 69 "image $1 points out of $ctmgr_builds" 'tell the admins of ctmgr' ;;
  esac
  [ -e "$ctmgr_image" ] || ctmgr_fail 69 "the file of image $1 is not there: $ctmgr_image" 'tell the admins of ctmgr'
  [ -r "$ctmgr_image" ] || ctmgr_fail 77 "image $1 is not available to you"
  [ -f "$ctmgr_image" ] || ctmgr_fail 69 "image $1 is no file: $ctmgr_image" 'tell the admins of ctmgr'
}
