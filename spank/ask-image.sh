# shellcheck shell=sh disable=SC2034,SC2154 # shared with srun, which sources this
# Whether a command line asks for an image, and which: by --container, a variable, the script's own lines or the job it is in.

# True for an OCI bundle, Slurm's own business.
ctmgr_is_bundle() {
  case $1 in *.sif) return 1 ;; /* | ./*) return 0 ;; *) return 1 ;; esac
}

# Whether srun is to use an image: by --container, SRUN_CONTAINER or the job that it runs in. Otherwise it is launched.
ctmgr_ask_srun() {
  if [ "$ctmgr_given" = no ]; then
    # What looked like --container belongs to the command; or there is no command, as in srun --version.
    if [ -z "$ctmgr_unclear" ] && [ "$ctmgr_command$ctmgr_unsupported" = 0 ]; then ctmgr_pass "$@"; fi
    if [ -n "${SRUN_CONTAINER+set}" ]; then
      ctmgr_value=$SRUN_CONTAINER
    elif ! ctmgr_find_job_image; then
      ctmgr_pass_nameless "$@"
    fi
  fi
  ! ctmgr_is_bundle "$ctmgr_value" || return 0
  [ -z "$ctmgr_unclear" ] || return 0
  [ -z "${SLURM_SRUN_MULTI+set}" ] || ctmgr_multi_prog=yes
  [ "$ctmgr_command" -gt 0 ] || ctmgr_fail 64 'no command given to run in the container' 'srun --container=NAME COMMAND'
}

# Sets ctmgr_value to the image of the job that this runs in; false if there is none.
ctmgr_find_job_image() {
  [ -n "${SLURM_JOB_ID:-}" ] || return 1
  case ${SLURM_CTMGR_PIN:-} in
    '') ctmgr_value=${SLURM_CONTAINER:-} ;;
    '/ '*) ctmgr_value=${SLURM_CTMGR_PIN#/ * } ;;
    *) ctmgr_value=${SLURM_CTMGR_PIN%% *} ;;
  esac
  [ -n "$ctmgr_value" ]
}

# Nobody has named an image: the real tool's turn, unless that is not sure.
ctmgr_pass_nameless() {
  if [ -n "$ctmgr_unclear" ]; then
    for ctmgr_word; do ctmgr_refuse_unclear_word "$ctmgr_word"; done
  else
    ctmgr_refuse_options
  fi
  ctmgr_pass "$@"
}

# Whether there is a --container after the option that is not known, or in the command, nobody can tell.
ctmgr_refuse_unclear_word() {
  case $1 in --container | --container=[!/.]* | --container=*.sif) ctmgr_fail_unclear ;; esac
}

# The same for sbatch: --container, SBATCH_CONTAINER or the script's own lines, of which the plugin reads --container-..., too.
ctmgr_ask_sbatch() {
  if [ "$ctmgr_given" = no ] && [ -n "${SBATCH_CONTAINER+set}" ]; then ctmgr_given=yes ctmgr_value=$SBATCH_CONTAINER; fi
  ! ctmgr_is_bundle "$ctmgr_value" || return 0
  . "$ctmgr_home/read-script.sh"
  if [ -n "$ctmgr_unclear" ]; then
    [ "$ctmgr_given" = no ] || return 0
    ctmgr_refuse_unclear_script "$@"
    ctmgr_pass "$@"
  fi
  if [ "$ctmgr_wrap" = yes ]; then
    [ "$ctmgr_given" = no ] || return 0
    case $ctmgr_wrapped in '#S'*) ctmgr_fail 64 '--wrap cannot begin with #SBATCH lines' 'sbatch --container=NAME --wrap=COMMAND' ;; esac
    ctmgr_refuse_options
    ctmgr_pass "$@"
  fi
  if [ "$ctmgr_command" -gt 0 ]; then
    eval "ctmgr_find_script \"\${$ctmgr_command}\""
    [ ! -p "$ctmgr_script" ] || [ ! -r "$ctmgr_script" ] || ctmgr_keep_pipe
  else
    ctmgr_keep_stdin
  fi
  # A file that cannot be read is sbatch's own business.
  if [ -r "$ctmgr_script" ] && [ -f "$ctmgr_script" ] && ctmgr_mentions_container "$ctmgr_script"; then ctmgr_join_script; fi
  [ "$ctmgr_given" = no ] || return 0
  ctmgr_refuse_options
  ctmgr_pass_copy "$@"
}

# Adds what the script itself says to what the command line says, which comes before it.
ctmgr_join_script() {
  ctmgr_keep_own line
  ctmgr_line_given=$ctmgr_given ctmgr_line_value=$ctmgr_value ctmgr_line_dropped=$ctmgr_dropped ctmgr_line_command=$ctmgr_command
  ctmgr_line_named=$ctmgr_named ctmgr_line_unsupported=$ctmgr_unsupported
  ctmgr_read_script "$ctmgr_script"
  ctmgr_command=$ctmgr_line_command
  if [ -n "$ctmgr_unclear" ]; then
    [ "$ctmgr_line_given" = yes ] || ctmgr_fail 64 "the script's option $ctmgr_unclear is not known, and it names a container" \
      'sbatch --container=NAME SCRIPT'
    # sbatch itself refuses lines of ours then.
    ctmgr_unclear='' ctmgr_unsupported=''
    ctmgr_forget_own
  fi
  [ "$ctmgr_line_given" = no ] || ctmgr_given=yes ctmgr_value=$ctmgr_line_value
  # sbatch itself reads the script, and knows none of ours. Those of an OCI bundle are left to it.
  if [ "$ctmgr_own" != ' ' ] && ! ctmgr_is_bundle "$ctmgr_value"; then ctmgr_strip_script; fi
  ctmgr_dropped=$ctmgr_line_dropped
  ctmgr_unsupported=${ctmgr_line_unsupported:-$ctmgr_unsupported}
  [ "$ctmgr_line_named" = no ] || ctmgr_named=yes
  ctmgr_add_own line
}

# Some option is not known, so that any word may be the script.
ctmgr_refuse_unclear_script() {
  for ctmgr_word; do
    ctmgr_refuse_unclear_word "$ctmgr_word"
    ctmgr_find_script "$ctmgr_word"
    if [ -f "$ctmgr_script" ] && [ -r "$ctmgr_script" ] && ctmgr_mentions_container "$ctmgr_script"; then ctmgr_fail_unclear; fi
  done
}

ctmgr_ask_salloc() {
  [ "$ctmgr_given" = no ] || return 0
  if [ -n "${SALLOC_CONTAINER+set}" ]; then
    ctmgr_value=$SALLOC_CONTAINER
  else
    ctmgr_pass_nameless "$@"
  fi
}

# Companion options without an image would be lost without a word.
ctmgr_refuse_options() {
  [ "$ctmgr_own" = ' ' ] || ctmgr_fail 64 '--container-... options need --container=NAME'
}
