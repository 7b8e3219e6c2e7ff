# shellcheck shell=sh disable=SC2034,SC2154 # shared with srun, which sources this
# Finds --container among srun's options and where the command begins, as getopt_long(3) reads them for srun: options
# end at the first word that is none (src/common/slurm_opt.c: the option string begins with +).

# Every option of the Slurm versions that we know, one a line between line breaks: `--name required|optional|none`.
# srun-x11 is not generated: the Slurm that the tables come from was built without X11.
ctmgr_newline='
'
ctmgr_table=$ctmgr_newline$(cat "$ctmgr_home"/options/srun-*)$ctmgr_newline

# ctmgr_scan WORD...: sets
#   ctmgr_given ctmgr_value   whether --container is there, and its value
#   ctmgr_command             number of the command's first word, from 1; 0 without a command
#   ctmgr_dropped             numbers of our own words, each between blanks
#   ctmgr_unsupported         what is there that --container=NAME does not go with
ctmgr_scan() {
  ctmgr_given=no ctmgr_value='' ctmgr_command=0 ctmgr_dropped=' ' ctmgr_unsupported='' ctmgr_index=0 ctmgr_state=options
  for ctmgr_word; do
    ctmgr_index=$((ctmgr_index + 1))
    case $ctmgr_state in
      command)
        # The next component of a heterogeneous job begins with options again.
        if [ "$ctmgr_word" = : ]; then ctmgr_unsupported='a heterogeneous job ( : )' ctmgr_state=options; fi
        ;;
      value) ctmgr_state=options ;;
      ours)
        ctmgr_state=options
        ctmgr_take "$ctmgr_word"
        ;;
      end)
        ctmgr_begin_command "$ctmgr_word"
        ;;
      options) ctmgr_read_option "$ctmgr_word" ;;
    esac
  done
  [ "$ctmgr_state" != ours ] || ctmgr_fail 64 '--container needs the name of an image'
}

ctmgr_read_option() {
  case $1 in
    --)
      ctmgr_dropped="$ctmgr_dropped$ctmgr_index "
      ctmgr_state=end
      ;;
    --container)
      ctmgr_dropped="$ctmgr_dropped$ctmgr_index "
      ctmgr_state=ours
      ;;
    --container=*) ctmgr_take "${1#*=}" ;;
    --conta | --contai | --contain | --containe | --conta=* | --contai=* | --contain=* | --containe=*)
      ctmgr_fail 64 "write --container in full instead of ${1%%=*}"
      ;;
    --mu*) ctmgr_unsupported=--multi-prog ;;
    --bcast | --bcast=*) ctmgr_unsupported=--bcast ;;
    --*=*) ctmgr_kind_of "${1%%=*}" ;;
    --*)
      ctmgr_kind_of "$1"
      [ "$ctmgr_kind" != required ] || ctmgr_state=value
      ;;
    -?*) ctmgr_read_cluster "${1#-}" ;;
    *) ctmgr_begin_command "$1" ;;
  esac
}

# A : in place of a command ends a component that has none; the next one would run on the bare host.
ctmgr_begin_command() {
  if [ "$1" = : ]; then
    ctmgr_unsupported='a heterogeneous job ( : )' ctmgr_state=options
  else
    [ "$ctmgr_command" -gt 0 ] || ctmgr_command=$ctmgr_index
    ctmgr_state='command'
  fi
}

# Short options in one word, such as lN2: letters without a value, then perhaps one that takes the rest or the next word.
ctmgr_read_cluster() {
  ctmgr_rest=$1
  while [ -n "$ctmgr_rest" ]; do
    ctmgr_letter=${ctmgr_rest%"${ctmgr_rest#?}"}
    ctmgr_rest=${ctmgr_rest#?}
    ctmgr_kind_of "-$ctmgr_letter"
    case $ctmgr_kind in
      required)
        [ -n "$ctmgr_rest" ] || ctmgr_state=value
        return
        ;;
      optional) return ;;
    esac
  done
}

# The value of --container; Slurm itself would take the last of several, which is a guess about what was meant.
ctmgr_take() {
  ctmgr_dropped="$ctmgr_dropped$ctmgr_index "
  case $ctmgr_given,$ctmgr_value,$1 in
    no,* | yes,[/.]*,[/.]*) ;;
    yes,*) [ "$1" = "$ctmgr_value" ] || ctmgr_fail 64 'two different values for --container' ;;
  esac
  ctmgr_given=yes
  ctmgr_value=$1
}

# Sets ctmgr_kind for an option, in full or abbreviated. An unknown one is an error: whether the word after it is its
# value or the command could only be guessed.
ctmgr_kind_of() {
  case $1 in
    *[!abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-]*) ;;
    *)
      for ctmgr_kind in required optional none; do
        case $ctmgr_table in *"$ctmgr_newline$1 $ctmgr_kind$ctmgr_newline"*) return ;; esac
      done
      case $1 in --*) ctmgr_abbreviated "$1" && return ;; esac
      ;;
  esac
  ctmgr_shown=$1
  # Not what may play tricks on the terminal.
  case $1 in *[!abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-]*) ctmgr_shown='in this command line' ;; esac
  [ "${#ctmgr_shown}" -le 64 ] || ctmgr_shown='in this command line'
  ctmgr_fail 64 "srun's option $ctmgr_shown is not known, so it is unclear where the command begins" \
    'leave it out, or set it by its SLURM_ variable (srun(1), INPUT ENVIRONMENT VARIABLES)'
}

# An abbreviation is fine if everything that it may stand for is of one kind.
ctmgr_abbreviated() {
  ctmgr_tail=$ctmgr_table ctmgr_kind=''
  while :; do
    case $ctmgr_tail in *"$ctmgr_newline$1"*) ;; *) break ;; esac
    ctmgr_tail=${ctmgr_tail#*"$ctmgr_newline$1"}
    ctmgr_found=${ctmgr_tail%%"$ctmgr_newline"*}
    ctmgr_found=${ctmgr_found##* }
    # Neither kind takes the next word.
    [ "$ctmgr_found" = required ] || ctmgr_found=none
    [ -z "$ctmgr_kind" ] || [ "$ctmgr_kind" = "$ctmgr_found" ] || return 1
    ctmgr_kind=$ctmgr_found
    ctmgr_tail=$ctmgr_newline${ctmgr_tail#*"$ctmgr_newline"}
  done
  [ -n "$ctmgr_kind" ]
}
