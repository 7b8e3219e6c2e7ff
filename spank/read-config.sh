# shellcheck shell=sh disable=SC2034,SC2154 # shared with srun, which sources this
# What the wrapper has to know of config.toml.

# Sets ctmgr_share, ctmgr_apptainer, ctmgr_bin_dir (empty if not set) and ctmgr_has_containers. Reads `key = "value"` and `key = 'value'` in the
# tables [paths], [apptainer] and [slurm]; the same keys in any other form that TOML has are an error, because a default
# in their place would be a guess.
ctmgr_read_config() {
  ctmgr_file=${CTMGR_CONFIG:-/etc/ctmgr/config.toml}
  ctmgr_share=/srv/ctmgr
  ctmgr_apptainer=/usr/bin/apptainer
  ctmgr_bin_dir=''
  ctmgr_has_containers=no
  if [ ! -e "$ctmgr_file" ]; then
    case $ctmgr_file in */*) ctmgr_folder=${ctmgr_file%/*}/ ;; *) ctmgr_folder=./ ;; esac
    if [ ! -d "$ctmgr_folder" ] || [ -x "$ctmgr_folder" ]; then return 0; fi
  fi
  [ -r "$ctmgr_file" ] || ctmgr_fail 78 "cannot read $ctmgr_file" "ls -l $ctmgr_file"
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
    NR == 1 { sub(/^\357\273\277/, "") }
    { sub(/\r$/, "") }
    # Strings of several lines and quoted names may hide what is looked for.
    /^[^#]*("""|\047\047\047)/ || /^[ \t]*\[[ \t]*["\047]/ || /^[ \t]*"[^"]*\\/ { print "bad " $0; next }
    /^[ \t]*\[[ \t]*containers/ && !told++ { print "containers yes" }
    /^[ \t]*\[/ { table = $0; gsub(/[ \t]|#.*$/, "", table) }
    /^[ \t]*["\047]?(paths|apptainer|slurm)["\047]?[ \t]*[.=]/ { print "bad " $0; next }
    /^[ \t]*["\047]?(share|path|bin_dir)["\047]?[ \t]*=/ {
      key = $0; sub(/[ \t]*=.*$/, "", key); gsub(/[ \t"\047]/, "", key)
      where = table " " key
      if (where != "[paths] share" && where != "[apptainer] path" && where != "[slurm] bin_dir") next
      found = value($0)
      print found == "" ? "bad " $0 : key " " found
    }' "$ctmgr_file") || ctmgr_fail 78 "cannot read $ctmgr_file" "ls -l $ctmgr_file"
  while IFS= read -r ctmgr_line; do
    case $ctmgr_line in
      'containers yes') ctmgr_has_containers=yes ;;
      'share '*) ctmgr_share=${ctmgr_line#share } ;;
      'path '*) ctmgr_apptainer=${ctmgr_line#path } ;;
      'bin_dir '*) ctmgr_bin_dir=${ctmgr_line#bin_dir } ;;
      bad*)
        ctmgr_fail 78 "$ctmgr_file: cannot read the line ${ctmgr_line#bad }" \
          'write it as [paths] and share = "/path" on lines of their own'
        ;;
    esac
  done <<END
$ctmgr_found
END
}
