# ctmgr: names of images after --container= of srun, sbatch and salloc, for bash. Source it after Slurm's own completion, which
# goes on to complete everything else.

_ctmgr_images() {
    local share group place file
    local -a places
    share=$(sed -n "s/^[[:space:]]*share[[:space:]]*=[[:space:]]*[\"']\(\/[^\"']*\)[\"'].*/\1/p" "${CTMGR_CONFIG:-/etc/ctmgr/config.toml}" 2>/dev/null | head -n 1)
    share=${share:-/srv/ctmgr}
    # Names are letters, digits and . _ -, so that no word here needs quotes. What the caller cannot read is not offered.
    places=("$share")
    for group in $(id -Gn); do places+=("$share/private/$group"); done
    for place in "${places[@]}"; do
        for file in "$place/current/$1"*.sif; do
            [[ -r $file ]] || continue
            file=${file##*/}
            COMPREPLY+=("${file%.sif}")
        done
    done
}

_ctmgr_complete() {
    local current=${COMP_WORDS[COMP_CWORD]} at=$COMP_CWORD
    COMPREPLY=()
    # bash takes = for a word of its own: --container = NAME.
    if [[ $current == = ]]; then current='' at=$((at + 1)); fi
    if [[ ${COMP_WORDS[at - 1]} == = ]]; then at=$((at - 1)); fi
    if ((at > 1)) && [[ ${COMP_WORDS[at - 1]} == --container ]]; then
        _ctmgr_images "$current"
        return
    fi
    local before=_ctmgr_before_$1
    if [[ -n ${!before:-} ]]; then "${!before}" "$@"; fi
}

_ctmgr_completion_setup() {
    local tool spec
    for tool in srun sbatch salloc; do
        spec=$(complete -p "$tool" 2>/dev/null)
        # The function that completes this tool now.
        if [[ $spec =~ -F\ ([A-Za-z0-9_]+) && ${BASH_REMATCH[1]} != _ctmgr_complete ]]; then
            printf -v "_ctmgr_before_$tool" %s "${BASH_REMATCH[1]}"
        fi
        complete -o bashdefault -o default -F _ctmgr_complete "$tool"
    done
}
_ctmgr_completion_setup
unset -f _ctmgr_completion_setup
