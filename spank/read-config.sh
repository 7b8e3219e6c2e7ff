# shellcheck shell=sh disable=SC2034,SC2154 # shared with srun, which sources this
# What the wrapper has to know of config.toml.

# Sets ctmgr_share and ctmgr_apptainer. Reads `key = "value"` and `key = 'value'` in the tables [paths] and [apptainer];
# the same keys in any other form that TOML has are an error, because a default in their place would be a guess.
ctmgr_read_config() {
  ctmgr_file=${CTMGR_CONFIG:-/etc/ctmgr/config.toml}
  ctmgr_share=/srv/ctmgr
  ctmgr_apptainer=/usr/bin/apptainer
  [ -e "$ctmgr_file" ] || return 0
  ctmgr_found=$(LC_ALL=C awk '
    function value(text, quote) {
      sub(/^[^=]*=[ \t]*/, "", text)
      quote = substr(text, 1, 1)
      if (quote != "\"" && quote != "\047") return ""
      text = substr(text, 2)
      if (!match(text, quote "[ \t]*(#.*)?$")) return ""
      text = substr(text, 1, RSTART - 1)
      return text ~ /^\/[^"\047\\]*$/ ? text : ""
    }
    { sub(/\r$/, "") }
    /^[ \t]*\[/ { table = $0; gsub(/[ \t]|#.*$/, "", table) }
    /^[ \t]*(paths|apptainer)[ \t]*[.=]/ { print "bad " $0; next }
    /^[ \t]*["\047]?(share|path)["\047]?[ \t]*=/ {
      key = $0; sub(/[ \t]*=.*$/, "", key); gsub(/[ \t"\047]/, "", key)
      if (!((table == "[paths]" && key == "share") || (table == "[apptainer]" && key == "path"))) next
      found = value($0)
      print found == "" ? "bad " $0 : key " " found
    }' "$ctmgr_file") || ctmgr_fail 78 "cannot read $ctmgr_file" "ls -l $ctmgr_file"
  while IFS= read -r ctmgr_line; do
    case $ctmgr_line in
      'share '*) ctmgr_share=${ctmgr_line#share } ;;
      'path '*) ctmgr_apptainer=${ctmgr_line#path } ;;
      bad*) ctmgr_fail 78 "$ctmgr_file: cannot read the line ${ctmgr_line#bad }" 'write [paths] share = "/path" on lines of their own' ;;
    esac
  done <<END
$ctmgr_found
END
}
