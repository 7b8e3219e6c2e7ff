# shellcheck shell=sh disable=SC2034,SC2154 # shared with srun, which sources this
# The image that a job was submitted with, in SLURM_CTMGR_PIN: `REFERENCE SHA256 PATH`, with - for an unknown digest.
# Slurm carries variables that begin with SLURM into the job whatever --export says.

# True if the job's image, whose pin is ctmgr_job_pin, is the one of this reference.
ctmgr_is_pinned() {
  case $ctmgr_job_pin in "$1 "*' /'*) ;; *) return 1 ;; esac
}

# A user's own image file, if the site allows that: sets ctmgr_image, and `/` for the reference, as the pin has it.
ctmgr_take_file() {
  ctmgr_name='' ctmgr_digest=''
  . "$ctmgr_home/read-containers.sh"
  ctmgr_read_containers
  case $ctmgr_newline$ctmgr_settings$ctmgr_newline in
    *"${ctmgr_newline}user_images true$ctmgr_newline"*) ;;
    *) ctmgr_fail 64 "image files of one's own are not allowed here" 'ctmgr list' ;;
  esac
  if ! ctmgr_image=$(readlink -f -- "$ctmgr_value") || [ ! -e "$ctmgr_image" ]; then
    ctmgr_fail 69 'the image file is not there' "ls -l FILE"
  fi
  [ -f "$ctmgr_image" ] || ctmgr_fail 69 'the image is no file'
  [ -r "$ctmgr_image" ] || ctmgr_fail 77 'the image file is not readable for you'
  ctmgr_value=$ctmgr_image
}

# Sets ctmgr_image and ctmgr_digest from the pin, looked at again: it may be any text. Ends if it is not a file of that image.
ctmgr_check_pin() {
  ctmgr_check_name "${ctmgr_value%%[:@]*}" "$ctmgr_value"
  ctmgr_image=${ctmgr_job_pin#* }
  ctmgr_digest=${ctmgr_image%% *}
  ctmgr_image=${ctmgr_image#* }
  case $ctmgr_digest in *[!0123456789abcdef]*) ctmgr_digest='' ;; esac
  [ "${#ctmgr_digest}" -eq 64 ] || ctmgr_digest=''
  ctmgr_place=$ctmgr_share
  case $ctmgr_image in
    "$ctmgr_share"/private/*/builds/*)
      ctmgr_place=${ctmgr_image#"$ctmgr_share/private/"}
      ctmgr_place=$ctmgr_share/private/${ctmgr_place%%/*}
      ;;
  esac
  ctmgr_pin "$ctmgr_value"
  case $ctmgr_image in
    */"$ctmgr_name.sif") ;;
    *) ctmgr_fail 77 "the pinned file is not one of image $ctmgr_value" 'submit again' ;;
  esac
}

# Sets ctmgr_digest for ctmgr_image from the file beside it (sha256sum(1) writes it the same way), or from the catalogue; to
# nothing if neither knows.
ctmgr_find_digest() {
  ctmgr_digest=''
  if [ -r "$ctmgr_image.sha256" ]; then
    read -r ctmgr_digest ctmgr_line <"$ctmgr_image.sha256"
  elif [ -r "$ctmgr_place/catalog.json" ]; then
    ctmgr_line=$(LC_ALL=C grep -m 1 -F "\"file\":\"$ctmgr_place${ctmgr_image#"${ctmgr_builds%/builds}"}\"" "$ctmgr_place/catalog.json") || return 0
    ctmgr_digest=${ctmgr_line#*\"sha256\":\"}
    ctmgr_digest=${ctmgr_digest%%\"*}
  fi
  case $ctmgr_digest in *[!0123456789abcdef]*) ctmgr_digest='' ;; esac
  [ "${#ctmgr_digest}" -eq 64 ] || ctmgr_digest=''
}
