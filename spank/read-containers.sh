# shellcheck shell=sh disable=SC2034,SC2154 # shared with srun, which sources this
# What config.toml says in [containers] and [containers.images.NAME] (README.md, "Configuration").

# Sets ctmgr_settings to lines `bind TEXT`, `argument TEXT`, `variable NAME=TEXT` and `KEY TEXT` for plain keys, with what the
# table of the image ctmgr_name says in the place of what holds for all. Strings in triple quotes or with backslashes are an
# error, and so are inline tables of images.
ctmgr_read_containers() {
  ctmgr_general=$ctmgr_newline ctmgr_special=$ctmgr_newline ctmgr_part='' ctmgr_depth=0
  ctmgr_lines=$ctmgr_containers
  while [ -n "$ctmgr_lines" ]; do
    ctmgr_line=${ctmgr_lines%%"$ctmgr_newline"*}
    ctmgr_lines=${ctmgr_lines#*"$ctmgr_newline"}
    case $ctmgr_depth,$ctmgr_line in
      0,'['*) ctmgr_enter_table "$ctmgr_line" ;;
      0,*) [ -z "$ctmgr_part" ] || ctmgr_read_setting "$ctmgr_line" ;;
      *) ctmgr_read_values "$ctmgr_line" ;;
    esac
  done
  ctmgr_settings=''
  while [ "$ctmgr_general" != "$ctmgr_newline" ]; do
    ctmgr_general=${ctmgr_general#"$ctmgr_newline"}
    ctmgr_line=${ctmgr_general%%"$ctmgr_newline"*}
    ctmgr_general=${ctmgr_general#"$ctmgr_line"}
    case $ctmgr_line,$ctmgr_special in
      variable*) ;;
      *,*"$ctmgr_newline${ctmgr_line%% *} "*) continue ;;
    esac
    ctmgr_settings=$ctmgr_settings$ctmgr_line$ctmgr_newline
  done
  ctmgr_settings=$ctmgr_settings${ctmgr_special#"$ctmgr_newline"}
}

# Sets ctmgr_part to whom a table is for, `general`, `own` or nobody, and ctmgr_key to environment if its keys are variables.
ctmgr_enter_table() {
  ctmgr_part='' ctmgr_table_key=''
  case $1 in
    '[containers]') ctmgr_part=general ;;
    '[containers.environment]') ctmgr_part=general ctmgr_table_key=environment ;;
    '[containers.images]') ctmgr_part=nobody ;;
    '[containers.images.'*)
      ctmgr_text=${1#'[containers.images.'}
      ctmgr_text=${ctmgr_text%]}
      case $ctmgr_text in *.environment) ctmgr_text=${ctmgr_text%.environment} ctmgr_table_key=environment ;; esac
      case $ctmgr_text in \"*\" | \'*\') ctmgr_text=${ctmgr_text#?} && ctmgr_text=${ctmgr_text%?} ;; *.*) return ;; esac
      case $ctmgr_text in *[\"\'\]\[]*) ctmgr_fail_line "$1" ;; esac
      [ "$ctmgr_text" != "$ctmgr_name" ] || ctmgr_part=own
      ;;
    *) ctmgr_fail_line "$1" ;;
  esac
}

# KEY = VALUE, the value as far as it is on this line.
ctmgr_read_setting() {
  ctmgr_strip "${1%%=*}"
  case $ctmgr_stripped in \"*\" | \'*\') ctmgr_stripped=${ctmgr_stripped#?} && ctmgr_stripped=${ctmgr_stripped%?} ;; esac
  case $ctmgr_stripped in '' | images | *[!abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-]*) ctmgr_fail_line "$1" ;; esac
  case $ctmgr_part,$1 in nobody,*) ctmgr_fail_line "$1" ;; *=*) ;; *) ctmgr_fail_line "$1" ;; esac
  ctmgr_key=${ctmgr_table_key:-$ctmgr_stripped} ctmgr_subkey=''
  [ -z "$ctmgr_table_key" ] || ctmgr_subkey=$ctmgr_stripped
  ctmgr_read_values "${1#*=}"
}

# Goes on with a value; it may take several lines.
ctmgr_read_values() {
  ctmgr_text=$1
  while [ -n "$ctmgr_text" ]; do
    case $ctmgr_text in
      [[:blank:],]*) ctmgr_text=${ctmgr_text#?} ;;
      '#'*) return ;;
      '"""'* | "'''"*) ctmgr_fail_line "$1" ;;
      \"*\"* | \'*\'*)
        case $ctmgr_text in \"*) ctmgr_quote=\" ;; *) ctmgr_quote=\' ;; esac
        ctmgr_text=${ctmgr_text#?}
        ctmgr_piece=${ctmgr_text%%"$ctmgr_quote"*}
        ctmgr_text=${ctmgr_text#*"$ctmgr_quote"}
        case $ctmgr_quote$ctmgr_piece in \"*\\*) ctmgr_fail_line "$1" ;; esac
        ctmgr_add_setting "$ctmgr_piece"
        ;;
      '['* | '{'*)
        # A list, or a table of variables; neither has another one in it.
        case $ctmgr_depth,$ctmgr_key,$ctmgr_text in
          0,environment,'{'*) ;;
          1,* | 0,environment,* | 0,*,'{'*) ctmgr_fail_line "$1" ;;
        esac
        ctmgr_depth=1 ctmgr_text=${ctmgr_text#?}
        ;;
      ']'* | '}'*) ctmgr_depth=0 ctmgr_text=${ctmgr_text#?} ctmgr_subkey='' ;;
      *)
        ctmgr_piece=${ctmgr_text%%[!abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:+-]*}
        [ -n "$ctmgr_piece" ] || ctmgr_fail_line "$1"
        ctmgr_text=${ctmgr_text#"$ctmgr_piece"}
        ctmgr_rest=${ctmgr_text#"${ctmgr_text%%[![:blank:]]*}"}
        case $ctmgr_rest in
          '='*) ctmgr_subkey=$ctmgr_piece ctmgr_text=${ctmgr_rest#=} ;;
          *) ctmgr_add_setting "$ctmgr_piece" ;;
        esac
        ;;
    esac
  done
}

ctmgr_add_setting() {
  ctmgr_setting="$ctmgr_key $1"
  case $ctmgr_key in
    environment)
      case $ctmgr_subkey in
        '' | [0123456789]* | *[!abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_]*) ctmgr_fail_line "$ctmgr_line" ;;
      esac
      ctmgr_setting="variable $ctmgr_subkey=$1"
      ;;
    binds) ctmgr_setting="bind $1" ;;
    arguments) ctmgr_setting="argument $1" ;;
    gpu | mount_home | user_images | batch_script) ;;
    *) return 0 ;;
  esac
  case $ctmgr_part in
    own) ctmgr_special=$ctmgr_special$ctmgr_setting$ctmgr_newline ;;
    *) ctmgr_general=$ctmgr_general$ctmgr_setting$ctmgr_newline ;;
  esac
}
