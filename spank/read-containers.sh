# shellcheck shell=sh disable=SC2034,SC2154 # shared with srun, which sources this
# What config.toml says in [containers] and [containers.images.NAME] (README.md, "Configuration").

# Sets ctmgr_settings to lines `bind TEXT`, `argument TEXT`, `variable NAME=TEXT` and `KEY TEXT` for plain keys, with what the
# table of the image ctmgr_name says in the place of what holds for all. Strings in triple quotes or with backslashes are an
# error.
ctmgr_read_containers() {
  ctmgr_settings=''
  [ "$ctmgr_has_containers" = yes ] || return 0
  ctmgr_settings=$(ctmgr_name="$ctmgr_name" LC_ALL=C awk '
    function bad() { print "bad " $0; failed = 1; exit }
    function emit(text, kind) {
      kind = subkey != "" ? "variable" : key == "binds" ? "bind" : key == "arguments" ? "argument" : key
      if (kind == "variable") text = subkey "=" text
      if (kind !~ /^(bind|argument|variable|gpu|mount_home|user_images)$/) return
      if (own) { mine[kind] = mine[kind] kind " " text "\n" } else { all[kind] = all[kind] kind " " text "\n" }
    }
    # Goes on with a value; it may take several lines.
    function scan(text) {
      while (text != "") {
        if (match(text, /^[ \t,]+/)) { }
        else if (match(text, /^#.*/)) { }
        else if (text ~ /^("""|\047\047\047)/) bad()
        else if (match(text, /^("[^"\\]*"|\047[^\047]*\047)/)) emit(substr(text, 2, RLENGTH - 2))
        else if (match(text, /^[\[{]/)) depth++
        else if (match(text, /^[\]}]/)) { depth--; subkey = "" }
        else if (match(text, /^[A-Za-z_][A-Za-z0-9_]*[ \t]*=/)) { subkey = substr(text, 1, RLENGTH); gsub(/[ \t=]/, "", subkey) }
        else if (match(text, /^[A-Za-z0-9_.:+-]+/)) emit(substr(text, 1, RLENGTH))
        else bad()
        text = substr(text, RLENGTH + 1)
      }
    }
    NR == 1 { sub(/^\357\273\277/, "") }
    { sub(/\r$/, "") }
    depth > 0 { scan($0); next }
    /^[ \t]*(#|$)/ { next }
    /^[ \t]*\[/ {
      table = $0; sub(/[ \t]*(#.*)?$/, "", table); gsub(/^[ \t]*\[[ \t]*|[ \t]*\]$/, "", table)
      gsub(/[ \t"\047]/, "", table)
      inside = 0; own = 0; variables = 0
      if (table == "containers" || table == "containers.environment") { inside = 1; variables = table != "containers" }
      mine_is = "containers.images." ENVIRON["ctmgr_name"]
      if (table == mine_is || table == mine_is ".environment") { inside = 1; own = 1; variables = table != mine_is }
      next
    }
    /^[ \t]*containers[ \t]*[.=]/ { bad() }
    inside {
      if (!match($0, /^[ \t]*["\047]?[A-Za-z0-9_-]+["\047]?[ \t]*=[ \t]*/)) bad()
      key = substr($0, 1, RLENGTH); gsub(/[ \t="\047]/, "", key)
      subkey = ""
      if (variables) { subkey = key; key = "environment" }
      scan(substr($0, RLENGTH + 1))
    }
    END {
      if (failed) exit
      for (kind in all) if (kind == "variable" || mine[kind] == "") printf "%s", all[kind]
      for (kind in mine) printf "%s", mine[kind]
    }' "$ctmgr_file") || ctmgr_fail 78 "cannot read $ctmgr_file" "ls -l $ctmgr_file"
  case $ctmgr_settings in
    bad* | *"$ctmgr_newline"bad*)
      ctmgr_fail 78 "$ctmgr_file: cannot read the line ${ctmgr_settings#*bad }" 'write each key of [containers] on a line of its own, strings in single or double quotes'
      ;;
  esac
}
