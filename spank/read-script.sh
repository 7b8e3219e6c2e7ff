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
ctmgr_list_directives() { ctmgr_walk_script '' <"$1"; }

# ctmgr_walk_script DROPPED: prints the words of #SBATCH lines from standard input or, if there are numbers of words in DROPPED, the
# whole script without these words, line for line.
ctmgr_walk_script() {
  ctmgr_dropped=$1 LC_ALL=C awk '
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
        if (c ~ /[ \t\r\f\v]/) { if (word != "") take(word); word = ""; continue }
        word = word c
      }
      if (word != "") take(word)
    }
    function take(word) {
      number++
      if (dropped == "") print word
      else if (index(dropped, " " number " ")) changed = 1
      else kept = kept " " escaped(word)
    }
    function escaped(word, i, text) {
      for (i = 1; i <= length(word); i++) text = text (substr(word, i, 1) ~ /[A-Za-z0-9_=:,.\/@%+-]/ ? "" : "\\") substr(word, i, 1)
      return text
    }
    BEGIN { dropped = ENVIRON["ctmgr_dropped"] }
    ended { print; next }
    /^#SBATCH/ || /^#SLURM/ {
      text = substr($0, /^#SBATCH/ ? 8 : 7)
      kept = changed = ""
      sub(/^[ \t\r\f\v]+/, "", text)
      if (tolower(text) ~ /^(hetjob|packjob)([ \t\r\f\v]|$)/) {
        number++
        if (dropped == "") print ":"
        kept = " hetjob"
        text = substr(text, text ~ /^[hH]/ ? 7 : 8)
      }
      words(text)
      if (dropped != "") print (changed ? (kept == "" ? "" : "#SBATCH" kept " ") "# was: " $0 : $0)
      next
    }
    /^[ \t\r\f\v]*(#|$)/ { if (dropped != "") print; next }
    dropped == "" { exit }
    { ended = 1; print }'
}

# True if a #SBATCH line of the file gives the job a name, as far as that can be seen without knowing all options.
ctmgr_names_job() {
  ctmgr_directives=$ctmgr_newline$(ctmgr_list_directives "$1")$ctmgr_newline
  case $ctmgr_directives in *"$ctmgr_newline--j"* | *"$ctmgr_newline-J"*) return 0 ;; *) return 1 ;; esac
}

# Has sbatch read a copy of the script without our words. It is gone when sbatch ends.
ctmgr_strip_script() {
  if ! ctmgr_copy=$(mktemp "${TMPDIR:-/tmp}/ctmgr-sbatch.XXXXXX") || ! ctmgr_walk_script "$ctmgr_dropped" <"$ctmgr_script" >"$ctmgr_copy"; then
    ctmgr_fail 73 'cannot make a copy of the script' "df ${TMPDIR:-/tmp}"
  fi
  ctmgr_open_copy
}

# ctmgr_copy takes the place of the script: of the file that sbatch is told, or of standard input.
ctmgr_open_copy() {
  if [ "$ctmgr_script" = /dev/stdin ] && [ "$ctmgr_command" -eq 0 ]; then
    exec 0<"$ctmgr_copy"
  else
    exec 9<"$ctmgr_copy"
    ctmgr_opened=/proc/self/fd/9 ctmgr_script=/proc/self/fd/9
  fi
  rm -f -- "$ctmgr_copy"
}

# ctmgr_mentions_container FILE: true unless it is plain that no #SBATCH line of it names a container.
ctmgr_mentions_container() {
  # shellcheck disable=SC2094 # only read
  while IFS= read -r ctmgr_line || [ -n "$ctmgr_line" ]; do
    case $ctmgr_line in
      '#S'*--cont* | '#S'*--no-cont* | '#S'*[\"\'\\]*) return 0 ;;
      '#'* | '') ;;
      *[![:space:]]*) case ${ctmgr_line#"${ctmgr_line%%[![:space:]]*}"} in '#'*) ;; *) return 1 ;; esac ;;
    esac
  done <"$1"
  return 1
}

# ctmgr_find_script WORD: sets ctmgr_script to the file that sbatch would read, as its search_path() does: in the folder that the job
# is to start in, then by PATH.
ctmgr_find_script() {
  ctmgr_script=$1
  case $1 in .* | /*) return ;; esac
  ctmgr_script=${ctmgr_chdir:+"$ctmgr_chdir/"}$1
  [ ! -f "$ctmgr_script" ] || return 0
  ctmgr_script=$1
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
  if ! ctmgr_copy=$(mktemp "${TMPDIR:-/tmp}/ctmgr-sbatch.XXXXXX") || ! cat >"$ctmgr_copy"; then
    ctmgr_fail 73 'cannot keep a copy of the script that standard input gives' "df ${TMPDIR:-/tmp}"
  fi
  # Opened by this name, the file is read from its beginning each time.
  ctmgr_script=/dev/stdin
  ctmgr_open_copy
}

# The same for a script that a pipe gives, once.
ctmgr_keep_pipe() {
  if ! ctmgr_copy=$(mktemp "${TMPDIR:-/tmp}/ctmgr-sbatch.XXXXXX") || ! cat <"$ctmgr_script" >"$ctmgr_copy"; then
    ctmgr_fail 73 'cannot keep a copy of the script that a pipe gives' "df ${TMPDIR:-/tmp}"
  fi
  ctmgr_open_copy
}
