# shellcheck shell=sh disable=SC2034,SC2154 # shared with srun, which sources this
# A task of srun --container=NAME on its node: what only shows there is added, then it becomes Apptainer.

# ctmgr_start NAME GPU[,VARIABLE...] COUNT APPTAINER WORD... COMMAND...: the first COUNT words are Apptainer's own, of which the last is
# the image; GPU is its maker, none, or auto if the flag is to follow from what the job got. The host's value of each VARIABLE comes
# before the image's. All words but the command may be lines of SLURM_CTMGR_WORDS: then there is `-` instead of them.
ctmgr_start() {
  if [ "$1" = - ]; then
    ctmgr_lines=${SLURM_CTMGR_WORDS:-}
    shift
    ctmgr_count=$#
    while [ -n "$ctmgr_lines" ]; do
      set -- "$@" "${ctmgr_lines%%"$ctmgr_newline"*}"
      ctmgr_lines=${ctmgr_lines#*"$ctmgr_newline"}
    done
    while [ "$ctmgr_count" -gt 0 ]; do
      ctmgr_count=$((ctmgr_count - 1))
      set -- "$@" "$1"
      shift
    done
  fi
  # For an srun that the command calls, they would be another one's.
  unset SLURM_CTMGR_WORDS SLURM_CTMGR_WRAPPED
  ctmgr_name=$1 ctmgr_gpu=${2%%,*} ctmgr_count=$3 ctmgr_real=$4
  ctmgr_keep_variables "${2#"$ctmgr_gpu"}"
  shift 4
  eval "ctmgr_image=\${$ctmgr_count}"
  if [ -n "$ctmgr_spooled" ]; then
    set -- --mount "type=bind,\"source=$ctmgr_spooled\",\"destination=$ctmgr_spooled\",ro" "$@"
    ctmgr_count=$((ctmgr_count + 2))
  fi
  if [ ! -r "$ctmgr_image" ]; then
    ctmgr_node=${SLURMD_NODENAME:-$(uname -n)}
    [ ! -e "$ctmgr_image" ] || ctmgr_fail 77 "image $ctmgr_name is not available to you on node $ctmgr_node"
    ctmgr_fail 69 "the file of image $ctmgr_name is gone on node $ctmgr_node, or the file system is not mounted: $ctmgr_image" \
      'submit again: ctmgr list'
  fi
  for ctmgr_enter in "$ctmgr_home/ctmgr-enter" "$ctmgr_home/build/ctmgr-enter" /usr/local/lib/ctmgr/ctmgr-enter; do
    if [ -x "$ctmgr_enter" ]; then
      ctmgr_add_starter "$@"
      return
    fi
  done
  ctmgr_add_facts "$@"
}

# ctmgr_start_script INTERPRETER SCRIPT WORD...: a batch script where slurmd has put it; with the interpreter comes the word behind it.
ctmgr_start_script() {
  ctmgr_spooled=$2 ctmgr_word=${1#*[[:blank:]]} ctmgr_interpreter=${1%%[[:blank:]]*}
  [ "$ctmgr_interpreter" != "$1" ] || ctmgr_word=''
  ctmgr_word=${ctmgr_word#"${ctmgr_word%%[![:blank:]]*}"}
  shift
  ctmgr_start - "$ctmgr_interpreter" ${ctmgr_word:+"$ctmgr_word"} "$@"
}

# Apptainer keeps HOME anyway, and warns.
ctmgr_keep_variables() {
  ctmgr_lines=${1#,}
  while [ -n "$ctmgr_lines" ]; do
    ctmgr_word=${ctmgr_lines%%,*}
    case $ctmgr_lines in *,*) ctmgr_lines=${ctmgr_lines#*,} ;; *) ctmgr_lines='' ;; esac
    case $ctmgr_word in
      '' | HOME | [0123456789]* | *[!abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_]*) ;;
      *) eval "[ -z \"\${$ctmgr_word+set}\" ] || export \"APPTAINERENV_$ctmgr_word=\$$ctmgr_word\"" ;;
    esac
  done
}

# Has ctmgr-enter start the command, which says that it was inside the image when there is no such command. It comes along as
# an open file: the image need not have a place for it.
ctmgr_add_starter() {
  exec 9<"$ctmgr_enter"
  ctmgr_index=0
  for ctmgr_word; do
    shift
    set -- "$@" "$ctmgr_word"
    ctmgr_index=$((ctmgr_index + 1))
    if [ "$ctmgr_index" -eq "$ctmgr_count" ]; then set -- "$@" /proc/self/fd/9 "$ctmgr_name"; fi
  done
  ctmgr_add_facts "$@"
}

# Folders that the job's environment speaks of, the sockets that MPI needs, and the GPU.
ctmgr_add_facts() {
  if [ -n "${PMIX_RANK:-}" ] && [ -x /run/munge ]; then set -- --mount 'type=bind,source=/run/munge,destination=/run/munge' "$@"; fi
  # Where the PMIx server of this step has its sockets, besides.
  for ctmgr_folder in "${TMPDIR:-}" "${PMIX_SERVER_TMPDIR:-}"; do
    case $ctmgr_folder/ in
      # Apptainer brings these along anyway.
      /tmp/* | /var/tmp/* | "${HOME:-/tmp}"/*) continue ;;
      *\"*) continue ;;
      /*) [ ! -d "$ctmgr_folder" ] || set -- --mount "type=bind,\"source=$ctmgr_folder\",\"destination=$ctmgr_folder\"" "$@" ;;
    esac
  done
  if [ "$ctmgr_gpu" = auto ] && [ -n "${SLURM_JOB_GPUS:-}${SLURM_STEP_GPUS:-}" ]; then
    if [ -e /dev/nvidiactl ]; then ctmgr_gpu=nvidia; elif [ -e /dev/kfd ]; then ctmgr_gpu=amd; fi
  fi
  case $ctmgr_gpu in
    nvidia)
      ctmgr_expect_gpu NVIDIA /dev/nvidiactl
      set -- --nv "$@"
      ;;
    amd)
      ctmgr_expect_gpu AMD /dev/kfd
      set -- --rocm "$@"
      ;;
  esac
  ctmgr_launch --quiet exec "$@"
}

# A user who asks for a GPU that is not there is told so, once a node: Apptainer says nothing then.
ctmgr_expect_gpu() {
  if [ -e "$2" ] || [ -z "${SLURM_CTMGR_GPU:-}" ] || [ "${SLURM_LOCALID:-0}" != 0 ]; then return; fi
  printf 'ctmgr: node %s has no GPU of %s: there is no %s\n' "${SLURMD_NODENAME:-$(uname -n)}" "$1" "$2" >&2
}
