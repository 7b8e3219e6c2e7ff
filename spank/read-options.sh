# shellcheck shell=sh disable=SC2034,SC2154 # shared with srun, which sources this
# Finds --container among the options of srun, sbatch and salloc and where the command or script begins, as getopt_long(3)
# reads them for Slurm: options end at the first word that is none (src/common/slurm_opt.c: the option string begins with +).

. "$ctmgr_home/option-kinds.sh"
. "$ctmgr_home/own-options.sh"

# ctmgr_scan WORD...: sets
#   ctmgr_given ctmgr_value   whether --container is there, and its value
#   ctmgr_commands            numbers of the words that commands begin at, from 1, each between blanks; ` ` without one
#   ctmgr_command             the last of them, or 0
#   ctmgr_dropped             numbers of our own words, each between blanks
#   ctmgr_values              what later components of srun name themselves, ` NUMBER=VALUE ` each, from 1
#   ctmgr_differs             whether one of those, or of its --container-... options, is not the first one's
#   ctmgr_component           the number of the last component of srun, from 0
#   ctmgr_bcast               whether srun is to copy the command to the nodes
#   ctmgr_unsupported         what is there that --container=NAME does not go with
#   ctmgr_multi_prog          whether the command is a file of commands
#   ctmgr_export              whether srun is told which variables a job gets
#   ctmgr_no_shell            whether salloc is not to start anything
#   ctmgr_only_tells          whether --help, --usage or --version is there
#   ctmgr_wrap                whether --wrap is there, ctmgr_wrapped what it wraps, and ctmgr_wrap_words numbers of its words
#   ctmgr_unclear             an option that is not known; what comes after it was not read
#   ctmgr_named               whether sbatch is told a name for the job
#   ctmgr_chdir               the folder that the job is to start in
# and the --container-... options (own-options.sh).
ctmgr_scan() {
  ctmgr_given=no ctmgr_value='' ctmgr_commands=' ' ctmgr_command=0 ctmgr_dropped=' ' ctmgr_unsupported='' ctmgr_index=0
  ctmgr_state=options ctmgr_multi_prog=no ctmgr_wrap=no ctmgr_wrapped='' ctmgr_wrap_words=' ' ctmgr_unclear='' ctmgr_first=yes
  ctmgr_no_shell=no ctmgr_only_tells=no ctmgr_export=no ctmgr_bcast=no ctmgr_component=0 ctmgr_values='' ctmgr_differs=no
  ctmgr_option='' ctmgr_named=no ctmgr_chdir=''
  ctmgr_forget_own
  for ctmgr_word; do
    ctmgr_index=$((ctmgr_index + 1))
    case $ctmgr_state in
      command)
        # The next component of a heterogeneous job step begins with options again.
        if [ "$ctmgr_tool,$ctmgr_word" = srun,: ]; then
          ctmgr_keep_own "$ctmgr_component"
          ctmgr_first=no ctmgr_state=options ctmgr_component=$((ctmgr_component + 1))
        fi
        ;;
      value)
        ctmgr_state=options
        ctmgr_read_value "$ctmgr_word"
        ;;
      ours)
        ctmgr_state=options
        ctmgr_dropped="$ctmgr_dropped$ctmgr_index "
        ctmgr_read_value "$ctmgr_word"
        ;;
      end) ctmgr_begin_command "$ctmgr_word" ;;
      options) ctmgr_read_option "$ctmgr_word" ;;
    esac
    [ -z "$ctmgr_unclear" ] || return 0
  done
  case $ctmgr_state,$ctmgr_option in
    ours,--container) ctmgr_fail 64 '--container needs the name of an image' ;;
    ours,*) ctmgr_fail 64 "option $ctmgr_option requires a value" ;;
  esac
  if [ "$ctmgr_component" -gt 0 ]; then
    ctmgr_keep_own "$ctmgr_component"
    ctmgr_take_up_own 0
  fi
}

ctmgr_read_option() {
  case $1 in
    --)
      # Put back before what comes before the command of srun.
      [ "$ctmgr_tool" != srun ] || ctmgr_dropped="$ctmgr_dropped$ctmgr_index "
      ctmgr_state=end
      ;;
    --*)
      ctmgr_option=${1%%=*}
      ctmgr_kind_of "$ctmgr_option" || return 0
      ctmgr_option=$ctmgr_full
      case $ctmgr_option in
        --container | --container-[mweg]* | --no-container-*) ctmgr_read_own "$1" ;;
        *)
          ctmgr_note_option "$ctmgr_option"
          case $ctmgr_kind,$1 in
            *,*=*) ctmgr_read_value "${1#*=}" ;;
            required,*) ctmgr_state=value ;;
          esac
          ;;
      esac
      ;;
    -?*)
      ctmgr_option=''
      ctmgr_read_cluster "${1#-}"
      ;;
    *) ctmgr_begin_command "$1" ;;
  esac
}

# An option of ours, which the real tool does not get.
ctmgr_read_own() {
  ctmgr_dropped="$ctmgr_dropped$ctmgr_index "
  case $ctmgr_kind,$1 in
    required,*=*) ctmgr_read_value "${1#*=}" ;;
    required,*) ctmgr_state=ours ;;
    *=*) ctmgr_fail 64 "option $ctmgr_option takes no value" ;;
    *)
      case $ctmgr_option in
        --no-*) ctmgr_set_own mount_home no ;;
        *-home) ctmgr_set_own mount_home yes ;;
        *) ctmgr_set_own writable yes ;;
      esac
      ;;
  esac
}

# Options that change what the command is.
ctmgr_note_option() {
  case $ctmgr_tool,$1 in
    srun,--mu*) ctmgr_multi_prog=yes ;;
    srun,--exp*) ctmgr_export=yes ;;
    srun,--bcast) ctmgr_bcast=yes ;;
    salloc,--no-s*) ctmgr_no_shell=yes ;;
    sbatch,--job-name) ctmgr_named=yes ;;
    *,--help | *,--usage | *,--version) ctmgr_only_tells=yes ;;
  esac
}

# The value of the option read last.
ctmgr_read_value() {
  case $ctmgr_option in
    --container) ctmgr_take "$1" ;;
    --container-[mweg]*) ctmgr_set_own "${ctmgr_option#--container-}" "$1" ;;
    -D | --chdir) ctmgr_chdir=$1 ;;
    --wr | --wra | --wrap)
      [ "$ctmgr_tool" != sbatch ] || ctmgr_take_wrap "$1"
      ;;
  esac
  ctmgr_option=''
}

# --wrap is one word, or its value the word after it; of several --wrap the last counts.
ctmgr_take_wrap() {
  ctmgr_wrap=yes ctmgr_wrapped=$1
  [ "$ctmgr_word" != "$1" ] || ctmgr_wrap_words="$ctmgr_wrap_words$((ctmgr_index - 1)) "
  ctmgr_wrap_words="$ctmgr_wrap_words$ctmgr_index "
}

ctmgr_begin_command() {
  if [ "$1" = : ]; then
    # sbatch and salloc have one command, after the options of all components. In srun this component has none.
    [ "$ctmgr_tool" != srun ] || ctmgr_unsupported='a component without a command'
    ctmgr_first=no ctmgr_state=options
  else
    ctmgr_commands="$ctmgr_commands$ctmgr_index "
    ctmgr_command=$ctmgr_index
    ctmgr_state='command'
  fi
}

# Short options in one word, such as lN2: letters without a value, then perhaps one that takes the rest or the next word.
ctmgr_read_cluster() {
  ctmgr_rest=$1
  while [ -n "$ctmgr_rest" ]; do
    ctmgr_letter=${ctmgr_rest%"${ctmgr_rest#?}"}
    ctmgr_rest=${ctmgr_rest#?}
    ctmgr_kind_of "-$ctmgr_letter" || return 0
    case $ctmgr_tool,$ctmgr_letter in *,h | *,V) ctmgr_only_tells=yes ;; sbatch,J) ctmgr_named=yes ;; esac
    case $ctmgr_kind in
      required)
        ctmgr_option=-$ctmgr_letter
        if [ -n "$ctmgr_rest" ]; then ctmgr_read_value "$ctmgr_rest"; else ctmgr_state=value; fi
        return
        ;;
      optional) return ;;
    esac
  done
}

# The value of --container, of several the last one, as for Slurm itself. What the first component of a heterogeneous job names
# holds for those that follow and name none.
ctmgr_take() {
  case $ctmgr_first$ctmgr_given,$1 in
    yes* | nono,[/.]*) ;;
    nono,[abcdefghijklmnopqrstuvwxyz0123456789]*)
      # In a job with an image, the first component has that one.
      if [ "$ctmgr_tool,${SRUN_CONTAINER+set}" = srun, ] && ctmgr_find_job_image; then
        ctmgr_given=yes
        ctmgr_take_own "$1"
        return
      fi
      ctmgr_unsupported='some components of a heterogeneous job only: name it in the first one, it holds for all'
      ;;
    nono,*) ctmgr_unsupported='some components of a heterogeneous job only: name it in the first one, it holds for all' ;;
    noyes,[abcdefghijklmnopqrstuvwxyz0123456789]*)
      if [ "$ctmgr_tool" = srun ]; then
        ctmgr_take_own "$1"
        return
      fi
      ctmgr_refuse_other "$1"
      ;;
    noyes,[/.]*) case $ctmgr_value in [/.]*) ;; *) ctmgr_refuse_other "$1" ;; esac ;;
    *) ctmgr_refuse_other "$1" ;;
  esac
  ctmgr_given=yes
  ctmgr_value=$1
}

ctmgr_refuse_other() { [ "$1" = "$ctmgr_value" ] || ctmgr_fail 64 'the components of a heterogeneous job have two different values for --container'; }

# The image of a later component of srun.
ctmgr_take_own() {
  case $1 in *[!abcdefghijklmnopqrstuvwxyz0123456789._:@-]*) ctmgr_fail 64 'the value of --container is not the name of an image' 'ctmgr list' ;; esac
  case $ctmgr_value in [/.]*) ctmgr_fail 64 'some components name an image, others a bundle or a file' ;; esac
  # The last one of a component counts: it is looked for from the front.
  ctmgr_values=" $ctmgr_component=$1 $ctmgr_values"
  [ "$1" = "$ctmgr_value" ] || ctmgr_differs=yes
}
