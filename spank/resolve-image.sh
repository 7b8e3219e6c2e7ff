# shellcheck shell=sh disable=SC2034,SC2154 # shared with srun, which sources this
# From the name of an image to its exact file.

# ctmgr_resolve NAME | NAME:TAG | NAME@sha256:HEX: sets ctmgr_image to the absolute path of a readable image, or ends.
# Names are checked before they become part of a path; the result has to lie in the share's builds folder.
ctmgr_resolve() {
  case $1 in
    *@*)
      ctmgr_check_name "${1%%@*}" "$1"
      ctmgr_hash=${1#*@sha256:}
      case $ctmgr_hash in *[!0123456789abcdef]*) ctmgr_hash='' ;; esac
      { [ "$1" = "${1%%@*}@sha256:$ctmgr_hash" ] && [ "${#ctmgr_hash}" -eq 64 ]; } ||
        ctmgr_fail 64 'a digest is sha256: and 64 hexadecimal digits'
      ctmgr_look_up "$ctmgr_name" "tag\":\"[0-9.-]*\",\"sha256\":\"$ctmgr_hash\"" "$1"
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
      ctmgr_look_up "$ctmgr_name" "tag\":\"$ctmgr_tag\",\"sha256\":\"[0-9a-f]*\"" "$1"
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
  ctmgr_image=$ctmgr_share/current/$1.sif
  [ -d "$ctmgr_share/current" ] ||
    ctmgr_fail 69 "there are no images in $ctmgr_share on this machine: is the file system mounted?" "ls $ctmgr_share"
  [ -x "$ctmgr_share/current" ] || ctmgr_fail 77 "the images in $ctmgr_share are not available to you"
  [ -L "$ctmgr_image" ] || ctmgr_unknown "$1"
}

# ctmgr_look_up NAME PATTERN REFERENCE: the file of an exact build, from the catalogue (one image a line).
ctmgr_look_up() {
  [ -r "$ctmgr_share/catalog.json" ] ||
    ctmgr_fail 69 "cannot read $ctmgr_share/catalog.json on this machine: is the file system mounted?" "ls $ctmgr_share"
  ctmgr_escaped=$(printf '%s' "$1" | sed 's/\./[.]/g')
  ctmgr_image=$(LC_ALL=C sed -n \
    "s/^ *{\"name\":\"$ctmgr_escaped\",\"$2,\"file\":\"\\(\\/[^\"\\\\]*\\)\".*/\\1/p" "$ctmgr_share/catalog.json" | head -n 1)
  [ -n "$ctmgr_image" ] || ctmgr_unknown "$3"
}

ctmgr_unknown() { ctmgr_fail 66 "there is no image $1" 'ctmgr list'; }

# Follows links to the file itself, once, so that all tasks see the same one whatever `current` means later.
ctmgr_pin() {
  ctmgr_link=$ctmgr_image
  if ! ctmgr_builds=$(readlink -f -- "$ctmgr_share/builds") || ! ctmgr_image=$(readlink -f -- "$ctmgr_link"); then
    # Perhaps a folder on the way that the caller may not enter; a link in current/ is relative to it.
    ctmgr_folder=$(readlink -- "$ctmgr_link") || ctmgr_folder=$ctmgr_link
    case $ctmgr_folder in /*) ;; *) ctmgr_folder=$ctmgr_share/current/$ctmgr_folder ;; esac
    ctmgr_folder=${ctmgr_folder%/*}
    if [ -d "$ctmgr_folder" ] && [ ! -x "$ctmgr_folder" ]; then ctmgr_fail 77 "image $1 is not available to you"; fi
    ctmgr_fail 69 "the file of image $1 is not there, or not available to you" 'tell the admins of ctmgr'
  fi
  case $ctmgr_image in
    "$ctmgr_builds"/*) ;;
    *) ctmgr_fail 69 "image $1 points out of $ctmgr_builds" 'tell the admins of ctmgr' ;;
  esac
  [ -e "$ctmgr_image" ] || ctmgr_fail 69 "the file of image $1 is not there: $ctmgr_image" 'tell the admins of ctmgr'
  [ -r "$ctmgr_image" ] || ctmgr_fail 77 "image $1 is not available to you"
  [ -f "$ctmgr_image" ] || ctmgr_fail 69 "image $1 is no file: $ctmgr_image" 'tell the admins of ctmgr'
}
