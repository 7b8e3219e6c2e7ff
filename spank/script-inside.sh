# shellcheck shell=sh disable=SC2034,SC2154 # shared with srun, which sources this
# batch_script = "inside" of config.toml: the batch script itself runs in the container.

# True if config.toml says so.
ctmgr_is_script_inside() {
  . "$ctmgr_home/read-containers.sh"
  ctmgr_read_containers
  case $ctmgr_newline$ctmgr_settings in *"${ctmgr_newline}batch_script inside$ctmgr_newline"*) ;; *) return 1 ;; esac
}

# Has sbatch read a copy of the script whose interpreter is start-script, with the script's own one behind it, which execve(2)
# passes on as one word. Lines keep their numbers.
ctmgr_put_script_inside() {
  . "$ctmgr_home/read-script.sh"
  ctmgr_first_line='#!/bin/sh'
  if [ "$ctmgr_wrap" = yes ]; then
    # With a script besides, sbatch complains itself.
    [ "$ctmgr_command" -eq 0 ] || return 0
    ctmgr_script=/dev/stdin ctmgr_dropped="$ctmgr_dropped$ctmgr_wrap_words"
    [ "$ctmgr_named${SBATCH_JOB_NAME+yes}" != no ] || ctmgr_job=wrap
  else
    # What cannot be read, or is no script, is sbatch's own business.
    ctmgr_first_line=''
    { IFS= read -r ctmgr_first_line <"$ctmgr_script"; } 2>/dev/null || [ -n "$ctmgr_first_line" ] || return 0
    case $ctmgr_first_line in
      '#!'*[![:space:]]*) ;;
      '#!'*) ctmgr_fail 64 "the script's first line names no program" ;;
      *) return 0 ;;
    esac
  fi
  ctmgr_first_line=${ctmgr_first_line#'#!'}
  ctmgr_first_line="#!$ctmgr_home/start-script ${ctmgr_first_line#"${ctmgr_first_line%%[![:blank:]]*}"}"
  case $ctmgr_home in *[[:space:]]*) ctmgr_fail 78 "batch scripts cannot run in a container with a wrapper in $ctmgr_home" ;; esac
  # BINPRM_BUF_SIZE of Linux.
  [ "${#ctmgr_first_line}" -lt 256 ] || ctmgr_fail 64 "the script's first line is too long to run it in the container"
  if ! ctmgr_copy=$(mktemp "${TMPDIR:-/tmp}/ctmgr-sbatch.XXXXXX") || ! ctmgr_print_script >"$ctmgr_copy"; then
    ctmgr_fail 73 'cannot make a copy of the script' "df ${TMPDIR:-/tmp}"
  fi
  ctmgr_open_copy
  # None of them is in the environment of the job unless --export says so.
  ctmgr_export=yes
  ctmgr_read_options
  ctmgr_pack_words 'a script in the container'
}

ctmgr_print_script() {
  printf '%s\n' "$ctmgr_first_line"
  if [ "$ctmgr_wrap" = yes ]; then
    printf '# This script was created by sbatch --wrap.\n\n%s\n' "$ctmgr_wrapped"
  else
    sed 1d "$ctmgr_script"
  fi
}
