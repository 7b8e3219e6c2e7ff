# shellcheck shell=sh disable=SC2034,SC2154 # shared with srun, which sources this
# What the wrapper has to know of config.toml. In the shell itself: awk(1) takes longer to start than this does for most files.

# Sets ctmgr_share, ctmgr_apptainer, ctmgr_bin_dir (empty if not set), and ctmgr_containers to the lines of [containers] and
# its tables, for ctmgr_read_containers. Reads `key = "value"` and `key = 'value'` in the tables [paths], [apptainer] and
# [slurm]; the same keys in any other form that TOML has are an error, because a default in their place would be a guess.
ctmgr_read_config() {
  ctmgr_file=${CTMGR_CONFIG:-/etc/ctmgr/config.toml}
  ctmgr_share=/srv/ctmgr
  ctmgr_apptainer=/usr/bin/apptainer
  ctmgr_bin_dir=''
  ctmgr_containers='' ctmgr_where='' ctmgr_line=''
  if [ ! -e "$ctmgr_file" ]; then
    case $ctmgr_file in */*) ctmgr_folder=${ctmgr_file%/*}/ ;; *) ctmgr_folder=./ ;; esac
    if [ ! -d "$ctmgr_folder" ] || [ -x "$ctmgr_folder" ]; then return 0; fi
  fi
  if [ ! -r "$ctmgr_file" ] || [ -d "$ctmgr_file" ]; then ctmgr_fail 78 "cannot read $ctmgr_file" "ls -l $ctmgr_file"; fi
  # What a line may begin with; a byte order mark before the first one is left out.
  ctmgr_plain='[]["#[:blank:]_=abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'\''-]'
  {
    if IFS= read -r ctmgr_line || [ -n "$ctmgr_line" ]; then
      # shellcheck disable=SC2295 # a pattern
      ctmgr_read_line "${ctmgr_line#"${ctmgr_line%%$ctmgr_plain*}"}"
    fi
    while IFS= read -r ctmgr_line || [ -n "$ctmgr_line" ]; do ctmgr_read_line "$ctmgr_line"; done
  } <"$ctmgr_file"
}

ctmgr_read_line() {
  # The end of a line may have a carriage return.
  ctmgr_text=${1%[[:cntrl:]]}
  ctmgr_text=${ctmgr_text#"${ctmgr_text%%[![:blank:]]*}"}
  # Strings of several lines and quoted names may hide what is looked for.
  case $ctmgr_text in
    '' | '#'*) return ;;
    *'"""'* | *"'''"*) case ${ctmgr_text%%#*} in *'"""'* | *"'''"*) ctmgr_fail_line "$ctmgr_text" ;; esac ;;
    \"*\\*)
      ctmgr_rest=${ctmgr_text#?}
      case ${ctmgr_rest%%\"*} in *\\*) ctmgr_fail_line "$ctmgr_text" ;; esac
      ;;
  esac
  case $ctmgr_text in
    '['*)
      ctmgr_strip "${ctmgr_text%%#*}"
      ctmgr_where=$ctmgr_stripped
      case $ctmgr_where in
        '["'* | "['"*) ctmgr_fail_line "$ctmgr_text" ;;
        '[containers]' | '[containers.'*) ctmgr_containers=$ctmgr_containers$ctmgr_where$ctmgr_newline ;;
      esac
      return
      ;;
    paths* | apptainer* | slurm* | containers* | [\"\']paths* | [\"\']apptainer* | [\"\']slurm* | [\"\']containers*)
      ctmgr_strip "${ctmgr_text%%[.=]*}"
      case $ctmgr_stripped in
        paths | apptainer | slurm | containers | [\"\']paths[\"\'] | [\"\']apptainer[\"\'] | [\"\']slurm[\"\'] | [\"\']containers[\"\'])
          ctmgr_fail_line "$ctmgr_text"
          ;;
      esac
      ;;
  esac
  case $ctmgr_where,$ctmgr_text in
    '[containers]',* | '[containers.'*) ctmgr_containers=$ctmgr_containers$ctmgr_text$ctmgr_newline ;;
    '[paths],'*share* | '[apptainer],'*path* | '[slurm],'*bin_dir*)
      ctmgr_strip "${ctmgr_text%%=*}"
      case $ctmgr_where,$ctmgr_stripped in
        '[paths],share' | '[paths],'[\"\']share[\"\']) ctmgr_take_path && ctmgr_share=$ctmgr_found ;;
        '[apptainer],path' | '[apptainer],'[\"\']path[\"\']) ctmgr_take_path && ctmgr_apptainer=$ctmgr_found ;;
        '[slurm],bin_dir' | '[slurm],'[\"\']bin_dir[\"\']) ctmgr_take_path && ctmgr_bin_dir=$ctmgr_found ;;
      esac
      ;;
  esac
}

# Sets ctmgr_stripped to $1 without blanks.
ctmgr_strip() {
  ctmgr_stripped=$1
  while :; do
    case $ctmgr_stripped in *[[:blank:]]*) ctmgr_stripped=${ctmgr_stripped%%[[:blank:]]*}${ctmgr_stripped#*[[:blank:]]} ;; *) return ;; esac
  done
}

# Sets ctmgr_found to the absolute path that is the value in ctmgr_text.
ctmgr_take_path() {
  ctmgr_found=${ctmgr_text#*=}
  ctmgr_found=${ctmgr_found#"${ctmgr_found%%[![:blank:]]*}"}
  case $ctmgr_found in
    \"/*\"*) ctmgr_rest=${ctmgr_found#*\"*\"} ctmgr_found=${ctmgr_found#?} && ctmgr_found=${ctmgr_found%%\"*} ;;
    \'/*\'*) ctmgr_rest=${ctmgr_found#*\'*\'} ctmgr_found=${ctmgr_found#?} && ctmgr_found=${ctmgr_found%%\'*} ;;
    *) ctmgr_fail_line "$ctmgr_text" ;;
  esac
  ctmgr_strip "$ctmgr_rest"
  case $ctmgr_stripped,$ctmgr_found in *,*[\"\'\\]*) ctmgr_fail_line "$ctmgr_text" ;; ,* | '#'*) ;; *) ctmgr_fail_line "$ctmgr_text" ;; esac
}

ctmgr_fail_line() {
  ctmgr_fail 78 "$ctmgr_file: cannot read the line $1" \
    'write [tables] and keys on lines of their own, without quotes, and strings in single or double quotes without backslashes'
}
