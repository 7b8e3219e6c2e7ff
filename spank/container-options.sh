# shellcheck shell=sh disable=SC2034,SC2154 # shared with srun, which sources this
# The --container-... options and what config.toml says in [containers], as options of Apptainer.

# Sets ctmgr_extra to the number of words and ctmgr_extra_1 ... to the words that go between `exec` and the image, and ctmgr_task to
# what only the node can do: the maker of the GPU, auto or none, then names of variables to keep, with commas between all.
ctmgr_read_options() {
  . "$ctmgr_home/read-containers.sh"
  ctmgr_read_containers
  ctmgr_extra=0
  ctmgr_gpu_option=${SLURM_CTMGR_GPU:-}
  ctmgr_home_option=${SLURM_CTMGR_HOME:-}
  # Variables that --export leaves behind, or that are not for all components.
  ctmgr_by_word=$ctmgr_differs
  if [ "$ctmgr_export" = yes ] || [ -n "${SLURM_EXPORT_ENV:-}${SRUN_EXPORT_ENV:-}" ]; then ctmgr_by_word=yes; fi
  while IFS= read -r ctmgr_line; do
    case $ctmgr_line in
      'argument '*) ctmgr_add "${ctmgr_line#argument }" ;;
      'bind '*) ctmgr_add_bind "${ctmgr_line#bind }" ;;
      'variable '*)
        ctmgr_line=${ctmgr_line#variable }
        if [ "$ctmgr_by_word" = yes ]; then ctmgr_add_variable "$ctmgr_line"; else export "APPTAINERENV_$ctmgr_line"; fi
        ;;
      'gpu '*) ctmgr_gpu_option=${ctmgr_gpu_option:-${ctmgr_line#gpu }} ;;
      'mount_home false') ctmgr_home_option=${ctmgr_home_option:-no} ;;
    esac
  done <<END
$ctmgr_settings
END
  ctmgr_split "${SLURM_CTMGR_MOUNTS:-}" ctmgr_add_bind
  ctmgr_split "${SLURM_CTMGR_ENV:-}" ctmgr_check_variable
  if [ "$ctmgr_home_option" = no ]; then
    ctmgr_add --no-mount
    ctmgr_add home
  fi
  [ "${SLURM_CTMGR_WRITABLE:-no}" = no ] || ctmgr_add --writable-tmpfs
  if [ -n "${SLURM_CTMGR_WORKDIR:-}" ]; then
    ctmgr_add --pwd
    ctmgr_add "$SLURM_CTMGR_WORKDIR"
  fi
  if [ "$ctmgr_by_word" = yes ]; then
    for ctmgr_fact in "CTMGR_CONTAINER=$ctmgr_value" "CTMGR_IMAGE=$ctmgr_image" ${ctmgr_digest:+"CTMGR_SHA256=$ctmgr_digest"}; do
      ctmgr_add_variable "$ctmgr_fact"
    done
  fi
  # Whether there is a GPU, and of which maker, shows on the node only; so does what TaskProlog sets.
  ctmgr_task=${ctmgr_gpu_option:-auto}
  [ "$ctmgr_task" = auto ] || ctmgr_check_gpu "$ctmgr_task"
  ctmgr_task=$ctmgr_task${SLURM_CTMGR_ENV:+,$SLURM_CTMGR_ENV}
}

# Refuses values of --container-... options that a step of the job would refuse later.
ctmgr_check_options() {
  ctmgr_extra=0
  ctmgr_split "${SLURM_CTMGR_MOUNTS:-}" ctmgr_add_bind
  ctmgr_split "${SLURM_CTMGR_ENV:-}" ctmgr_check_variable
  [ -z "${SLURM_CTMGR_GPU:-}" ] || ctmgr_check_gpu "$SLURM_CTMGR_GPU"
}

ctmgr_add() {
  ctmgr_extra=$((ctmgr_extra + 1))
  eval "ctmgr_extra_$ctmgr_extra=\$1"
}

# NAME=VALUE as an option, which Apptainer reads as CSV.
ctmgr_add_variable() {
  case $1 in
    *\"*) ctmgr_fail 64 "the variable ${1%%=*} cannot have a \" in it here" ;;
    *,* | *"$ctmgr_newline"*) set -- "\"$1\"" ;;
  esac
  ctmgr_add --env
  ctmgr_add "$1"
}

# ctmgr_split LIST FUNCTION: calls it for each part between commas.
ctmgr_split() {
  [ -n "$1" ] || return 0
  ctmgr_list=$1,
  while [ -n "$ctmgr_list" ]; do
    "$2" "${ctmgr_list%%,*}"
    ctmgr_list=${ctmgr_list#*,}
  done
}

# SRC[:DST[:FLAGS]] as pyxis users know it; flags are joined by +, tmpfs:DST is an empty folder.
ctmgr_add_bind() {
  ctmgr_source=${1%%:*} ctmgr_flags='' ctmgr_target=${1%%:*}
  case $1 in
    *:*:*) ctmgr_target=${1#*:} ctmgr_flags=${1#*:*:} ctmgr_target=${ctmgr_target%%:*} ;;
    *:*) ctmgr_target=${1#*:} ;;
  esac
  case $ctmgr_source,$ctmgr_target in
    tmpfs,/*)
      ctmgr_add --scratch
      ctmgr_add "$ctmgr_target"
      return
      ;;
    /*,/*) ;;
    *) ctmgr_fail 64 'a mount needs absolute paths' '--container-mounts=/SRC[:/DST[:ro]]' ;;
  esac
  ctmgr_mode=''
  while [ -n "$ctmgr_flags" ]; do
    case ${ctmgr_flags%%+*} in
      ro) ctmgr_mode=,ro ;;
      rw | rbind | bind | rprivate | private | x-create=auto | x-create=dir | x-create=file) ;;
      *) ctmgr_fail 64 'a flag of a mount is not known' 'ro or rw' ;;
    esac
    case $ctmgr_flags in *+*) ctmgr_flags=${ctmgr_flags#*+} ;; *) ctmgr_flags='' ;; esac
  done
  ctmgr_double "$ctmgr_source"
  ctmgr_source=$ctmgr_doubled
  ctmgr_double "$ctmgr_target"
  ctmgr_add --mount
  ctmgr_add "type=bind,\"source=$ctmgr_source\",\"destination=$ctmgr_doubled\"$ctmgr_mode"
}

# Sets ctmgr_doubled to $1 as it is between quotes in CSV.
ctmgr_double() {
  ctmgr_doubled='' ctmgr_rest=$1
  while :; do
    case $ctmgr_rest in *\"*) ;; *) break ;; esac
    ctmgr_doubled=$ctmgr_doubled${ctmgr_rest%%\"*}\"\"
    ctmgr_rest=${ctmgr_rest#*\"}
  done
  ctmgr_doubled=$ctmgr_doubled$ctmgr_rest
}

# An empty name is none.
ctmgr_check_variable() {
  case $1 in
    [0123456789]* | *[!abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_]*)
      ctmgr_fail 64 '--container-env needs names of variables' '--container-env=NAME,NAME'
      ;;
  esac
}

# ctmgr_rewrite_programs WORD...: a copy of the file of --multi-prog in which every program runs in the image, as
# ctmgr_programs. srun reads it before the tasks start; it is gone when srun ends. It cannot hold any word; a variable can.
ctmgr_rewrite_programs() {
  eval "ctmgr_source=\${$ctmgr_command}"
  ctmgr_prefix="$ctmgr_home/start-in-image -"
  case $ctmgr_home in *[\'\"%\\[:space:]]*) ctmgr_fail 64 "--multi-prog does not go with a wrapper in $ctmgr_home" ;; esac
  ctmgr_pack_words --multi-prog
  [ -r "$ctmgr_source" ] || ctmgr_fail 66 "cannot read $ctmgr_source" 'srun --multi-prog FILE'
  ctmgr_copy=$(mktemp "${TMPDIR:-/tmp}/ctmgr-srun.XXXXXX") || ctmgr_fail 73 'cannot make a temporary file' "df ${TMPDIR:-/tmp}"
  if ! ctmgr_prefix="$ctmgr_prefix" LC_ALL=C awk '
    continued { continued = /\\$/; print; next }
    /^[ \t]*(#|$)/ { print; continued = /\\$/; next }
    { continued = /\\$/ }
    match($0, /^[ \t]*[^ \t]+[ \t]+/) { print substr($0, 1, RLENGTH) ENVIRON["ctmgr_prefix"] " " substr($0, RLENGTH + 1); next }
    { print }' "$ctmgr_source" >"$ctmgr_copy" || ! exec 9<"$ctmgr_copy"; then
    ctmgr_fail 73 'cannot write a temporary file' "df ${TMPDIR:-/tmp}"
  fi
  rm -f -- "$ctmgr_copy"
  ctmgr_programs=/proc/self/fd/9
}

# ctmgr_pack_words WHAT: puts what start-in-image is told into SLURM_CTMGR_WORDS.
ctmgr_pack_words() {
  SLURM_CTMGR_WORDS='' ctmgr_what=$1
  ctmgr_add_word "$ctmgr_value"
  ctmgr_add_word "$ctmgr_task"
  ctmgr_add_word "$((ctmgr_extra + 1))"
  ctmgr_add_word "$ctmgr_apptainer"
  ctmgr_number=0
  while [ "$ctmgr_number" -lt "$ctmgr_extra" ]; do
    ctmgr_number=$((ctmgr_number + 1))
    eval "ctmgr_add_word \"\$ctmgr_extra_$ctmgr_number\""
  done
  ctmgr_add_word "$ctmgr_image"
  export SLURM_CTMGR_WORDS
}

ctmgr_add_word() {
  case $1 in *"$ctmgr_newline"*) ctmgr_fail 64 "$ctmgr_what does not go with line breaks in --container-... options" ;; esac
  SLURM_CTMGR_WORDS=$SLURM_CTMGR_WORDS$1$ctmgr_newline
}
