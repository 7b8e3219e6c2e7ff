# shellcheck shell=sh disable=SC2034,SC2154 # shared with srun, which sources this
# What sbatch finds in a batch script: the options of its #SBATCH lines (src/sbatch/opt.c, _opt_batch_script).

# ctmgr_read_script FILE: sets ctmgr_given and ctmgr_value as ctmgr_scan does, from the script's own lines. All that was
# known from the command line is gone afterwards.
ctmgr_read_script() {
  ctmgr_directives=$(ctmgr_list_directives "$1")
  set -f
  ctmgr_ifs=$IFS
  IFS=$ctmgr_newline
  # shellcheck disable=SC2086 # one word a line
  set -- $ctmgr_directives
  IFS=$ctmgr_ifs
  set +f
  ctmgr_scan "$@"
}

# The words of all #SBATCH lines, one a line; `:` where a component of a heterogeneous job ends. Empty words, which no
# option has for a value that matters here, are left out. Slurm itself complains about quotes that are not closed.
ctmgr_list_directives() {
  LC_ALL=C awk '
    function words(text, i, c, quote, word, any, skip) {
      for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (skip) { word = word c; skip = 0; continue }
        if (c == "\\") {
          any = 1
          if (substr(text, i + 1, 1) == " ") { word = word " "; i++ } else skip = 1
          continue
        }
        if (quote != "") { if (c == quote) quote = ""; else word = word c; continue }
        if (c == "\"" || c == "\047") { quote = c; continue }
        if (c == "#") break
        if (c ~ /[ \t\r\f\v]/) { if (word != "") print word; word = ""; continue }
        word = word c
      }
      if (word != "") print word
    }
    /^#SBATCH/ || /^#SLURM/ {
      text = substr($0, /^#SBATCH/ ? 8 : 7)
      sub(/^[ \t\r\f\v]+/, "", text)
      if (tolower(text) ~ /^(hetjob|packjob)([ \t\r\f\v]|$)/) { print ":"; text = substr(text, text ~ /^[hH]/ ? 7 : 8) }
      words(text)
      next
    }
    /^[ \t\r\f\v]*(#|$)/ { next }
    { exit }' <"$1"
}

# ctmgr_mentions_container FILE: true unless it is plain that no #SBATCH line of it names a container.
ctmgr_mentions_container() {
  # shellcheck disable=SC2094 # only read
  while IFS= read -r ctmgr_line || [ -n "$ctmgr_line" ]; do
    case $ctmgr_line in
      '#S'*--cont* | '#S'*[\"\'\\]*) return 0 ;;
      '#'* | '') ;;
      *[![:space:]]*) case ${ctmgr_line#"${ctmgr_line%%[![:space:]]*}"} in '#'*) ;; *) return 1 ;; esac ;;
    esac
  done <"$1"
  return 1
}

# ctmgr_find_script WORD: sets ctmgr_script to the file that sbatch would read, as its search_path() does.
ctmgr_find_script() {
  ctmgr_script=$1
  case $1 in .* | /*) return ;; esac
  [ ! -f "$1" ] || return 0
  ctmgr_path=${PATH:-}:
  while [ -n "$ctmgr_path" ]; do
    ctmgr_folder=${ctmgr_path%%:*}
    ctmgr_path=${ctmgr_path#*:}
    [ -n "$ctmgr_folder" ] || continue
    if [ -e "$ctmgr_folder/$1" ] && [ ! -d "$ctmgr_folder/$1" ]; then
      ctmgr_script=$ctmgr_folder/$1
      return
    fi
  done
}

# Keeps what standard input gives, where the script comes from, and puts it back for sbatch. Sets ctmgr_script.
ctmgr_keep_stdin() {
  if ! ctmgr_copy=$(mktemp "${TMPDIR:-/tmp}/ctmgr-sbatch.XXXXXX") || ! cat >"$ctmgr_copy" || ! exec 0<"$ctmgr_copy"; then
    ctmgr_fail 73 'cannot keep a copy of the script that standard input gives' "df ${TMPDIR:-/tmp}"
  fi
  rm -f -- "$ctmgr_copy"
  # Opened by this name, the file is read from its beginning each time.
  ctmgr_script=/dev/stdin
}
