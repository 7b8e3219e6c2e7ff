# shellcheck shell=sh disable=SC2034,SC2154 # shared with srun, which sources this
# The --container-... options of a command line. Of several values of one the last counts, and what a component of a heterogeneous
# step is given holds for those after it that are given nothing else, as with Slurm's own options.

# Sets ctmgr_own to the names of those that are given, each between blanks, and ctmgr_mounts, ctmgr_workdir ... to their values.
ctmgr_forget_own() {
  ctmgr_own=' ' ctmgr_mounts='' ctmgr_workdir='' ctmgr_env='' ctmgr_mount_home='' ctmgr_writable='' ctmgr_gpu=''
}

# ctmgr_set_own NAME VALUE
ctmgr_set_own() {
  eval "ctmgr_before=\$ctmgr_$1"
  case $ctmgr_own in *" $1 "*) ctmgr_before=given$ctmgr_before ;; *) ctmgr_own="$ctmgr_own$1 " ctmgr_before='' ;; esac
  eval "ctmgr_$1=\$2"
  if [ "$ctmgr_first" = yes ] || [ "$ctmgr_before" = "given$2" ]; then return; fi
  ctmgr_differs=yes
  # The components of a job have one script and one environment.
  [ "$ctmgr_tool" = srun ] || ctmgr_unsupported='other --container-... options in a later component of a job: give them to its srun'
}

# ctmgr_keep_own KEY, ctmgr_take_up_own KEY: all of them as they are now, and again.
ctmgr_keep_own() {
  for ctmgr_each in own mounts workdir env mount_home writable gpu; do eval "ctmgr_kept_$1_$ctmgr_each=\$ctmgr_$ctmgr_each"; done
}

ctmgr_take_up_own() {
  for ctmgr_each in own mounts workdir env mount_home writable gpu; do eval "ctmgr_$ctmgr_each=\$ctmgr_kept_$1_$ctmgr_each"; done
}

# ctmgr_add_own KEY: those that were kept come before what is there now.
ctmgr_add_own() {
  eval "ctmgr_more=\$ctmgr_kept_$1_own"
  for ctmgr_each in $ctmgr_more; do
    eval "ctmgr_$ctmgr_each=\$ctmgr_kept_$1_$ctmgr_each"
    case $ctmgr_own in *" $ctmgr_each "*) ;; *) ctmgr_own="$ctmgr_own$ctmgr_each " ;; esac
  done
}

# Puts those that are given in the place of what the environment says (job-variables.h).
ctmgr_use_own() {
  for ctmgr_each in $ctmgr_own; do
    eval "ctmgr_found=\$ctmgr_$ctmgr_each"
    case $ctmgr_each in
      mounts) export SLURM_CTMGR_MOUNTS="$ctmgr_found" ;;
      workdir) export SLURM_CTMGR_WORKDIR="$ctmgr_found" ;;
      env) export SLURM_CTMGR_ENV="$ctmgr_found" ;;
      mount_home) export SLURM_CTMGR_HOME="$ctmgr_found" ;;
      writable) export SLURM_CTMGR_WRITABLE="$ctmgr_found" ;;
      gpu)
        ctmgr_check_gpu "$ctmgr_found"
        export SLURM_CTMGR_GPU="$ctmgr_found"
        ;;
    esac
  done
}

ctmgr_check_gpu() {
  case $1 in nvidia | amd | none) ;; *) ctmgr_fail 64 '--container-gpu is nvidia, amd or none' ;; esac
}

# What the steps of the job go by, whichever door they come through: what is given, then what the job has already, then the variables
# that users set.
ctmgr_export_options() {
  if [ "$ctmgr_tool" != srun ] || [ -z "${SLURM_JOB_ID:-}" ]; then
    unset SLURM_CTMGR_MOUNTS SLURM_CTMGR_WORKDIR SLURM_CTMGR_ENV SLURM_CTMGR_HOME SLURM_CTMGR_WRITABLE SLURM_CTMGR_GPU
  fi
  ctmgr_use_own
  ctmgr_fall_back MOUNTS "${CTMGR_CONTAINER_MOUNTS:-}"
  ctmgr_fall_back WORKDIR "${CTMGR_CONTAINER_WORKDIR:-}"
  ctmgr_fall_back ENV "${CTMGR_CONTAINER_ENV:-}"
  ctmgr_fall_back GPU "${CTMGR_CONTAINER_GPU:-}"
  ctmgr_read_switch CTMGR_CONTAINER_MOUNT_HOME "${CTMGR_CONTAINER_MOUNT_HOME:-}"
  ctmgr_fall_back HOME "$ctmgr_found"
  ctmgr_read_switch CTMGR_CONTAINER_WRITABLE "${CTMGR_CONTAINER_WRITABLE:-}"
  ctmgr_fall_back WRITABLE "$ctmgr_found"
}

ctmgr_fall_back() { [ -z "$2" ] || eval "[ -n \"\${SLURM_CTMGR_$1+set}\" ] || export SLURM_CTMGR_$1=\"\$2\""; }

# ctmgr_read_switch VARIABLE VALUE: sets ctmgr_found to yes, no or nothing.
ctmgr_read_switch() {
  case $2 in
    '') ctmgr_found='' ;;
    yes | true | 1) ctmgr_found=yes ;;
    no | false | 0) ctmgr_found=no ;;
    *) ctmgr_fail 64 "$1 is yes or no" ;;
  esac
}
