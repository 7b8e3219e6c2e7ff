# shellcheck shell=sh disable=SC2034,SC2154 # shared with srun, which sources this
# From a command line that asks for an image to the one that the real tool gets.

# ctmgr_main WORD...: becomes the real tool.
ctmgr_main() {
  ctmgr_opened='' ctmgr_job=''
  ctmgr_scan "$@"
  if [ "$ctmgr_only_tells" = yes ]; then ctmgr_pass "$@"; fi
  case $ctmgr_tool in
    srun) ctmgr_ask_srun "$@" ;;
    sbatch) ctmgr_ask_sbatch "$@" ;;
    salloc) ctmgr_ask_salloc "$@" ;;
  esac
  if ctmgr_is_bundle "$ctmgr_value"; then
    [ -z "$ctmgr_opened" ] || ctmgr_pass_copy "$@"
    ctmgr_pass "$@"
  fi
  [ -z "$ctmgr_unclear" ] || ctmgr_fail_unclear
  if [ "$ctmgr_multi_prog" = yes ] && [ "$ctmgr_component" -gt 0 ]; then
    ctmgr_unsupported='--multi-prog in a heterogeneous step: one srun for each file'
  fi
  [ -z "$ctmgr_unsupported" ] || ctmgr_fail 64 "--container=NAME cannot be used with $ctmgr_unsupported"
  if [ "$ctmgr_tool" = srun ] && [ "$ctmgr_bcast${SLURM_BCAST+yes}" != no ]; then
    ctmgr_fail 64 '--bcast copies what starts the container here, not the command in it' \
      'sbcast FILE /tmp/FILE, then srun --container=NAME /tmp/FILE'
  fi
  . "$ctmgr_home/read-config.sh"
  . "$ctmgr_home/resolve-image.sh"
  . "$ctmgr_home/pin-image.sh"
  ctmgr_read_config
  # All steps of a job see the image that its name meant when the job was submitted.
  ctmgr_reference=$ctmgr_value ctmgr_job_pin=${SLURM_CTMGR_PIN:-}
  case $ctmgr_value in
    */*.sif)
      ctmgr_reference=/
      ctmgr_take_file
      ;;
  esac
  [ "$ctmgr_reference" = / ] || ctmgr_find_image
  export SLURM_CTMGR_PIN="$ctmgr_reference ${ctmgr_digest:--} $ctmgr_image"
  export CTMGR_CONTAINER="$ctmgr_value" CTMGR_IMAGE="$ctmgr_image"
  unset CTMGR_SHA256
  [ -z "$ctmgr_digest" ] || export CTMGR_SHA256="$ctmgr_digest"
  ctmgr_export_options
  "ctmgr_run_$ctmgr_tool" "$@"
}

# Sets ctmgr_image and ctmgr_digest for ctmgr_value.
ctmgr_find_image() {
  if [ "$ctmgr_tool" = srun ] && [ -n "${SLURM_JOB_ID:-}" ] && ctmgr_is_pinned "$ctmgr_value"; then
    ctmgr_check_pin
  else
    ctmgr_resolve "$ctmgr_value"
    ctmgr_find_digest
  fi
}

# Each word goes to the end again, without ours and with the start on the node before each command: after one round all are in order.
ctmgr_run_srun() {
  . "$ctmgr_home/container-options.sh"
  ctmgr_at=0
  ctmgr_read_options
  [ "$ctmgr_multi_prog" = no ] || ctmgr_rewrite_programs "$@"
  [ "$ctmgr_differs" = no ] || ctmgr_keep_first
  ctmgr_index=0 ctmgr_count=$#
  while [ "$ctmgr_index" -lt "$ctmgr_count" ]; do
    ctmgr_index=$((ctmgr_index + 1))
    ctmgr_word=$1
    shift
    case $ctmgr_dropped in *" $ctmgr_index "*) continue ;; esac
    case $ctmgr_commands in
      *" $ctmgr_index "*)
        [ "$ctmgr_differs" = no ] || ctmgr_use_component "$ctmgr_at"
        ctmgr_at=$((ctmgr_at + 1))
        if [ "$ctmgr_multi_prog" = yes ]; then
          set -- "$@" -- "$ctmgr_programs"
          continue
        fi
        set -- "$@" -- "$ctmgr_home/start-in-image" "$ctmgr_value" "$ctmgr_task" "$((ctmgr_extra + 1))" "$ctmgr_apptainer"
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
  [ "$ctmgr_differs" = no ] || ctmgr_use_first
  # Slurm would take SRUN_CONTAINER for an OCI bundle. The other one tells cli_filter.lua that this is not the bare host.
  unset SRUN_CONTAINER
  export SLURM_CTMGR_WRAPPED=1
  ctmgr_launch "$@"
}

# Turns to the image and the options of a component of a heterogeneous step; one that names none has those of the one before it, as
# with Slurm's own options. All components have one environment, the first one's: what differs is in the words of each.
ctmgr_use_component() {
  [ "$1" -gt 0 ] || return 0
  case $ctmgr_values in
    *" $1="*)
      ctmgr_value=${ctmgr_values#*" $1="}
      ctmgr_value=${ctmgr_value%% *}
      ctmgr_find_image
      ;;
  esac
  ctmgr_take_up_own "$1"
  ctmgr_use_own
  ctmgr_read_options
}

ctmgr_keep_first() {
  for ctmgr_each in MOUNTS WORKDIR ENV HOME WRITABLE GPU; do
    eval "ctmgr_first_$ctmgr_each=\${SLURM_CTMGR_$ctmgr_each-} ctmgr_set_$ctmgr_each=\${SLURM_CTMGR_$ctmgr_each+set}"
  done
}

ctmgr_use_first() {
  for ctmgr_each in MOUNTS WORKDIR ENV HOME WRITABLE GPU; do
    eval "if [ -n \"\$ctmgr_set_$ctmgr_each\" ]; then SLURM_CTMGR_$ctmgr_each=\$ctmgr_first_$ctmgr_each; else unset SLURM_CTMGR_$ctmgr_each; fi"
  done
}

# The script runs on the host, unless the site says otherwise, and every srun in it in the image. Slurm is told the exact image, for
# scontrol and sacct to show; it does nothing else with it unless the site has OCI containers.
ctmgr_run_sbatch() {
  . "$ctmgr_home/container-options.sh"
  ctmgr_check_options
  unset SLURM_CONTAINER SLURM_CTMGR_WRAPPED
  case $ctmgr_containers in
    *batch_script*)
      . "$ctmgr_home/script-inside.sh"
      ! ctmgr_is_script_inside || ctmgr_put_script_inside
      ;;
  esac
  ctmgr_record=''
  ctmgr_conf=${SLURM_CONF:-/etc/slurm/slurm.conf}
  case $ctmgr_reference in
    /) ;;
    *[:@]*) ctmgr_record=$ctmgr_reference ;;
    *) ctmgr_record=${ctmgr_image%/*} && ctmgr_record=$ctmgr_reference:${ctmgr_record##*/} ;;
  esac
  [ ! -e "${ctmgr_conf%/*}/oci.conf" ] || ctmgr_record=''
  # A job submitted by this one shall find it; for sbatch, what the command line says comes before it.
  [ -n "$ctmgr_record" ] || unset SBATCH_CONTAINER
  ctmgr_launch_without "$@"
}

# Without a command, a shell in the container; the command of salloc itself runs on the host, its steps in the image.
ctmgr_run_salloc() {
  . "$ctmgr_home/container-options.sh"
  ctmgr_check_options
  unset SALLOC_CONTAINER SLURM_CONTAINER SLURM_CTMGR_WRAPPED
  ctmgr_record=''
  if [ "$ctmgr_command" -eq 0 ] && [ "$ctmgr_no_shell" = no ]; then
    ctmgr_shell='if command -v bash >/dev/null 2>&1; then exec bash -l; else exec sh -l; fi'
    set -- "$@" "$ctmgr_home/srun" --nodes=1 --ntasks=1 --pty sh -c "$ctmgr_shell"
  fi
  ctmgr_launch_without "$@"
}

# Nobody asked for an image, but the script is in a copy now.
ctmgr_pass_copy() {
  ctmgr_dropped=' ' ctmgr_record=''
  ctmgr_forget
  ctmgr_launch_without "$@"
}

# All words but ours, and the copy in the place of a script that has words of ours; what sbatch makes of its name stays.
ctmgr_launch_without() {
  ctmgr_index=0 ctmgr_count=$#
  while [ "$ctmgr_index" -lt "$ctmgr_count" ]; do
    ctmgr_index=$((ctmgr_index + 1))
    case $ctmgr_index,$ctmgr_dropped in
      *,*" $ctmgr_index "*) ;;
      "$ctmgr_command,"*)
        if [ -n "$ctmgr_opened" ]; then
          if [ "$ctmgr_named${SBATCH_JOB_NAME+yes}" = no ] && ! ctmgr_names_job "$ctmgr_opened"; then ctmgr_job=${1##*/}; fi
          set -- "$@" "$ctmgr_opened"
        else
          set -- "$@" "$1"
        fi
        ;;
      *) set -- "$@" "$1" ;;
    esac
    shift
  done
  [ -z "$ctmgr_job" ] || set -- "--job-name=$ctmgr_job" "$@"
  [ -z "$ctmgr_record" ] || set -- "--container=$ctmgr_record" "$@"
  ctmgr_launch "$@"
}
