# shellcheck shell=sh disable=SC2034,SC2154 # shared with srun, which sources this
# Which options srun, sbatch and salloc have, and whether each takes a value.

# Every option of the Slurm versions that we know, one a line between line breaks: `--name required|optional|none`. Each file adds
# its own. Those named x11 are not generated: the Slurm that the tables come from was built without X11.
ctmgr_table=$ctmgr_newline
for ctmgr_file in "$ctmgr_home/options/$ctmgr_tool"-* "$ctmgr_home/options/own"; do . "$ctmgr_file"; done

# Sets ctmgr_kind for an option, and ctmgr_full to its name if $1 is an abbreviation that has one meaning. An unknown one ends the reading: whether the word after it is its
# value or the command could only be guessed.
ctmgr_kind_of() {
  ctmgr_full=$1
  case $1 in
    *[!abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-]*) ;;
    *)
      for ctmgr_kind in required optional none; do
        case $ctmgr_table in *"$ctmgr_newline$1 $ctmgr_kind$ctmgr_newline"*) return 0 ;; esac
      done
      case $1 in --*) ctmgr_abbreviated "$1" && return 0 ;; esac
      ;;
  esac
  ctmgr_unclear=$1
  # Not what may play tricks on the terminal.
  case $1 in *[!abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-]*) ctmgr_unclear='in this command line' ;; esac
  [ "${#ctmgr_unclear}" -le 64 ] || ctmgr_unclear='in this command line'
  return 1
}

ctmgr_fail_unclear() {
  ctmgr_fail 64 "$ctmgr_tool's option $ctmgr_unclear is not known, so it is unclear where the command begins" \
    "leave it out, or set it by its variable ($ctmgr_tool(1), INPUT ENVIRONMENT VARIABLES)"
}

# An abbreviation is fine if everything that it may stand for is of one kind: Slurm's own getopt_long(3) tells then which one it is.
# One that may mean an option of ours has to have one meaning.
ctmgr_abbreviated() {
  ctmgr_tail=$ctmgr_table ctmgr_kind='' ctmgr_meanings=' ' ctmgr_mixed=no
  while :; do
    case $ctmgr_tail in *"$ctmgr_newline$1"*) ;; *) break ;; esac
    ctmgr_tail=${ctmgr_tail#*"$ctmgr_newline$1"}
    ctmgr_found=${ctmgr_tail%%"$ctmgr_newline"*}
    case $ctmgr_meanings in *" $1${ctmgr_found%% *} "*) ;; *) ctmgr_meanings="$ctmgr_meanings$1${ctmgr_found%% *} " ;; esac
    ctmgr_found=${ctmgr_found##* }
    # Neither kind takes the next word.
    [ "$ctmgr_found" = required ] || ctmgr_found=none
    [ -z "$ctmgr_kind" ] || [ "$ctmgr_kind" = "$ctmgr_found" ] || ctmgr_mixed=yes
    ctmgr_kind=$ctmgr_found
    ctmgr_tail=$ctmgr_newline${ctmgr_tail#*"$ctmgr_newline"}
  done
  case $ctmgr_meanings in
    ' ' | ' '*' '*' ') ;;
    *)
      ctmgr_full=${ctmgr_meanings# }
      ctmgr_full=${ctmgr_full% }
      ;;
  esac
  case $ctmgr_full,$ctmgr_meanings in
    "$1,"*' --container '* | "$1,"*' --container-'*' '*' ')
      ctmgr_fail 64 "option $1 is ambiguous, it may be any of$ctmgr_meanings" "write it in full, as --container=NAME"
      ;;
  esac
  [ "$ctmgr_mixed" = no ] && [ -n "$ctmgr_kind" ]
}
