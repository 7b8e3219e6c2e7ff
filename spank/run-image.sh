# shellcheck shell=sh disable=SC2034,SC2154 # shared with srun, which sources this
# From a command line that may ask for an image to the one that the real tool gets.

# ctmgr_main WORD...: becomes the real tool.
ctmgr_main() {
  ctmgr_scan "$@"
  if [ "$ctmgr_only_tells" = yes ]; then ctmgr_pass "$@"; fi
  case $ctmgr_tool in
    srun) ctmgr_ask_srun "$@" ;;
    sbatch) ctmgr_ask_sbatch "$@" ;;
    salloc) ctmgr_ask_salloc "$@" ;;
  esac
  case $ctmgr_value in
    /*.sif | ./*.sif) ;;
    /* | ./*) ctmgr_pass "$@" ;;
  esac
  [ -z "$ctmgr_unclear" ] || ctmgr_fail_unclear
  [ -z "$ctmgr_unsupported" ] || ctmgr_fail 64 "--container=NAME cannot be used with $ctmgr_unsupported"
  . "$ctmgr_home/read-config.sh"
  . "$ctmgr_home/resolve-image.sh"
  . "$ctmgr_home/pin-image.sh"
  ctmgr_read_config
  # All steps of a job see the image that its name meant when the job was submitted.
  ctmgr_reference=$ctmgr_value
  case $ctmgr_value in
    */*.sif)
      ctmgr_reference=/
      ctmgr_take_file
      ;;
  esac
  if [ "$ctmgr_reference" = / ]; then
    :
  elif [ "$ctmgr_tool" = srun ] && [ -n "${SLURM_JOB_ID:-}" ] && ctmgr_is_pinned "$ctmgr_value"; then
    ctmgr_check_pin
  else
    ctmgr_resolve "$ctmgr_value"
    ctmgr_find_digest
  fi
  export SLURM_CTMGR_PIN="$ctmgr_reference ${ctmgr_digest:--} $ctmgr_image"
  export CTMGR_CONTAINER="$ctmgr_value" CTMGR_IMAGE="$ctmgr_image"
  unset CTMGR_SHA256
  [ -z "$ctmgr_digest" ] || export CTMGR_SHA256="$ctmgr_digest"
  ctmgr_export_options
  "ctmgr_run_$ctmgr_tool" "$@"
}

# Whether srun is to use an image: by --container, SRUN_CONTAINER or the job that it runs in. Otherwise it is launched.
ctmgr_ask_srun() {
  if [ "$ctmgr_given" = no ]; then
    # What looked like --container belongs to the command; or there is no command, as in srun --version.
    if [ -z "$ctmgr_unclear" ] && [ "$ctmgr_command$ctmgr_unsupported" = 0 ]; then ctmgr_pass "$@"; fi
    if [ -n "${SRUN_CONTAINER+set}" ]; then
      ctmgr_value=$SRUN_CONTAINER
    elif [ -n "${SLURM_JOB_ID:-}" ] && [ -n "${SLURM_CTMGR_PIN:-}" ]; then
      case $SLURM_CTMGR_PIN in
        '/ '*) ctmgr_value=${SLURM_CTMGR_PIN#/ * } ;;
        *) ctmgr_value=${SLURM_CTMGR_PIN%% *} ;;
      esac
    elif [ -n "${SLURM_JOB_ID:-}" ] && [ -n "${SLURM_CONTAINER:-}" ]; then
      ctmgr_value=$SLURM_CONTAINER
    else
      ctmgr_pass_nameless "$@"
    fi
  fi
  case $ctmgr_value in
    /*.sif | ./*.sif) ;;
    /* | ./*) return ;;
  esac
  [ -z "$ctmgr_unclear" ] || return 0
  [ -z "${SLURM_SRUN_MULTI+set}" ] || ctmgr_multi_prog=yes
  [ "$ctmgr_command" -gt 0 ] || ctmgr_fail 64 'no command given to run in the container' 'srun --container=NAME COMMAND'
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

# The same for sbatch: --container, SBATCH_CONTAINER or the script's own lines.
ctmgr_ask_sbatch() {
  [ "$ctmgr_given" = no ] || return 0
  if [ -n "${SBATCH_CONTAINER+set}" ]; then
    ctmgr_value=$SBATCH_CONTAINER
    return
  fi
  . "$ctmgr_home/read-script.sh"
  if [ -n "$ctmgr_unclear" ]; then
    ctmgr_refuse_unclear_script "$@"
    ctmgr_pass "$@"
  fi
  ctmgr_own="$ctmgr_mounts$ctmgr_workdir$ctmgr_env$ctmgr_mount_home$ctmgr_writable$ctmgr_gpu"
  if [ "$ctmgr_wrap" = yes ]; then
    case $ctmgr_wrapped in '#S'*) ctmgr_fail 64 '--wrap cannot begin with #SBATCH lines' 'sbatch --container=NAME --wrap=COMMAND' ;; esac
    [ -z "$ctmgr_own" ] || ctmgr_refuse_options
    ctmgr_pass "$@"
  fi
  if [ "$ctmgr_command" -gt 0 ]; then
    eval "ctmgr_find_script \"\${$ctmgr_command}\""
  else
    ctmgr_keep_stdin
  fi
  # A file that cannot be read is sbatch's own business; so is one that a pipe gives once only.
  if [ ! -r "$ctmgr_script" ] || [ ! -f "$ctmgr_script" ] || ! ctmgr_mentions_container "$ctmgr_script"; then
    [ -z "$ctmgr_own" ] || ctmgr_refuse_options
    ctmgr_pass "$@"
  fi
  ctmgr_saved="$ctmgr_dropped,$ctmgr_command"
  set -- "$ctmgr_mounts" "$ctmgr_workdir" "$ctmgr_env" "$ctmgr_mount_home" "$ctmgr_writable" "$ctmgr_gpu" "$@"
  ctmgr_read_script "$ctmgr_script"
  ctmgr_mounts=$1 ctmgr_workdir=$2 ctmgr_env=$3 ctmgr_mount_home=$4 ctmgr_writable=$5 ctmgr_gpu=$6
  ctmgr_dropped=${ctmgr_saved%,*} ctmgr_command=${ctmgr_saved##*,}
  shift 6
  [ -z "$ctmgr_unclear" ] || ctmgr_fail 64 "the script's option $ctmgr_unclear is not known, and it names a container" \
    'sbatch --container=NAME SCRIPT'
  [ "$ctmgr_given" = yes ] || ctmgr_pass "$@"
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
  [ -z "$ctmgr_mounts$ctmgr_workdir$ctmgr_env$ctmgr_mount_home$ctmgr_writable$ctmgr_gpu" ] ||
    ctmgr_fail 64 '--container-... options need --container=NAME'
}

# What the steps of the job go by, whichever door they come through.
ctmgr_export_options() {
  if [ "$ctmgr_tool" != srun ] || [ -z "${SLURM_JOB_ID:-}" ]; then
    unset SLURM_CTMGR_MOUNTS SLURM_CTMGR_WORKDIR SLURM_CTMGR_ENV SLURM_CTMGR_HOME SLURM_CTMGR_WRITABLE SLURM_CTMGR_GPU
  fi
  ctmgr_export_option SLURM_CTMGR_MOUNTS "$ctmgr_mounts" "${CTMGR_CONTAINER_MOUNTS:-}"
  ctmgr_export_option SLURM_CTMGR_WORKDIR "$ctmgr_workdir" "${CTMGR_CONTAINER_WORKDIR:-}"
  ctmgr_export_option SLURM_CTMGR_ENV "$ctmgr_env" "${CTMGR_CONTAINER_ENV:-}"
  ctmgr_export_option SLURM_CTMGR_HOME "$ctmgr_mount_home" "${CTMGR_CONTAINER_MOUNT_HOME:-}"
  ctmgr_export_option SLURM_CTMGR_WRITABLE "$ctmgr_writable" "${CTMGR_CONTAINER_WRITABLE:-}"
  ctmgr_export_option SLURM_CTMGR_GPU "$ctmgr_gpu" "${CTMGR_CONTAINER_GPU:-}"
}

# ctmgr_export_option VARIABLE GIVEN FALLBACK: what the job has already comes before the fall-back.
ctmgr_export_option() {
  if [ -n "$2" ]; then
    export "$1=$2"
  elif [ -n "$3" ] && ! printenv "$1" >/dev/null; then
    export "$1=$3"
  fi
}

# Each word goes to the end again, without ours and with Apptainer before each command: after one round all are in order.
ctmgr_run_srun() {
  . "$ctmgr_home/container-options.sh"
  ctmgr_read_options
  [ "$ctmgr_multi_prog" = no ] || ctmgr_rewrite_programs "$@"
  ctmgr_index=0 ctmgr_count=$#
  while [ "$ctmgr_index" -lt "$ctmgr_count" ]; do
    ctmgr_index=$((ctmgr_index + 1))
    ctmgr_word=$1
    shift
    case $ctmgr_dropped in *" $ctmgr_index "*) continue ;; esac
    case $ctmgr_commands in
      *" $ctmgr_index "*)
        if [ "$ctmgr_multi_prog" = yes ]; then
          set -- "$@" -- "$ctmgr_programs"
          continue
        fi
        set -- "$@" -- "$ctmgr_apptainer" --quiet exec
        ctmgr_number=0
        while [ "$ctmgr_number" -lt "$ctmgr_extra" ]; do
          ctmgr_number=$((ctmgr_number + 1))
          eval "set -- \"\$@\" \"\$ctmgr_extra_$ctmgr_number\""
        done
        set -- "$@" "$ctmgr_image"
        ;;
    esac
    set -- "$@" "$ctmgr_word"
  done
  # Slurm would take SRUN_CONTAINER for an OCI bundle. The other one tells cli_filter.lua that this is not the bare host.
  unset SRUN_CONTAINER
  export SLURM_CTMGR_WRAPPED=1
  ctmgr_launch "$@"
}

# The script runs on the host and every srun in it in the image. Slurm is told the exact image, for scontrol and sacct to show; it does
# nothing else with it unless the site has OCI containers.
ctmgr_run_sbatch() {
  unset SBATCH_CONTAINER SLURM_CONTAINER SLURM_CTMGR_WRAPPED
  ctmgr_record=''
  ctmgr_conf=${SLURM_CONF:-/etc/slurm/slurm.conf}
  case $ctmgr_reference in
    /) ;;
    *[:@]*) ctmgr_record=$ctmgr_reference ;;
    *) ctmgr_record=${ctmgr_image%/*} && ctmgr_record=$ctmgr_reference:${ctmgr_record##*/} ;;
  esac
  [ ! -e "${ctmgr_conf%/*}/oci.conf" ] || ctmgr_record=''
  ctmgr_launch_without "$@"
}

# Without a command, a shell in the container; the command of salloc itself runs on the host, its steps in the image.
ctmgr_run_salloc() {
  unset SALLOC_CONTAINER SLURM_CONTAINER SLURM_CTMGR_WRAPPED
  ctmgr_record=''
  if [ "$ctmgr_command" -eq 0 ] && [ "$ctmgr_no_shell" = no ]; then
    ctmgr_shell='if command -v bash >/dev/null 2>&1; then exec bash -l; else exec sh -l; fi'
    set -- "$@" "$ctmgr_home/srun" --nodes=1 --ntasks=1 --pty sh -c "$ctmgr_shell"
  fi
  ctmgr_launch_without "$@"
}

ctmgr_launch_without() {
  ctmgr_index=0 ctmgr_count=$#
  while [ "$ctmgr_index" -lt "$ctmgr_count" ]; do
    ctmgr_index=$((ctmgr_index + 1))
    case $ctmgr_dropped in *" $ctmgr_index "*) ;; *) set -- "$@" "$1" ;; esac
    shift
  done
  [ -z "$ctmgr_record" ] || set -- "--container=$ctmgr_record" "$@"
  ctmgr_launch "$@"
}
