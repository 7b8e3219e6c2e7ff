# shellcheck shell=sh disable=SC2034,SC2154 # shared with srun, which sources this
# Whether Slurm loads the SPANK plugin of ctmgr here (spank(8), CONFIGURATION): then the wrapper has nothing to do.

# True if plugstack.conf, or a file that it includes, names a ctmgr.so that is there.
ctmgr_plugin_is_loaded() {
  ctmgr_plugstack=${SLURM_CONF:-/etc/slurm/slurm.conf}
  ctmgr_read_plugstack "${ctmgr_plugstack%/*}/plugstack.conf"
}

ctmgr_read_plugstack() {
  [ -r "$1" ] || return 1
  # shellcheck disable=SC2094 # only read
  while read -r ctmgr_kind ctmgr_word ctmgr_rest || [ -n "$ctmgr_kind" ]; do
    case $ctmgr_kind,$ctmgr_word in
      required,/*/ctmgr.so | optional,/*/ctmgr.so) [ ! -r "$ctmgr_word" ] || return 0 ;;
      include,*)
        case $ctmgr_word in /*) ;; *) ctmgr_word=${1%/*}/$ctmgr_word ;; esac
        # shellcheck disable=SC2086 # a pattern
        set -- "$1" $ctmgr_word
        while [ $# -gt 1 ]; do
          if ctmgr_read_included "$2"; then return 0; fi
          ctmgr_first_file=$1
          shift 2
          set -- "$ctmgr_first_file" "$@"
        done
        ;;
    esac
  done <"$1"
  return 1
}

# In a process of its own: the reading of the file outside goes on where it was.
ctmgr_read_included() { (ctmgr_read_plugstack "$1"); }
