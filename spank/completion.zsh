# ctmgr: names of images after --container= of srun, sbatch and salloc, for zsh. Source it after compinit and Slurm's own
# completion, which goes on to complete everything else.

_ctmgr_images() {
    local share place file
    local -a names
    share=$(sed -n "s/^[[:space:]]*share[[:space:]]*=[[:space:]]*[\"']\(\/[^\"']*\)[\"'].*/\1/p" "${CTMGR_CONFIG:-/etc/ctmgr/config.toml}" 2>/dev/null | head -n 1)
    share=${share:-/srv/ctmgr}
    for place in "$share" "$share/private/"${^=$(id -Gn)}; do
        # What the caller cannot read is not offered.
        for file in "$place/current/"*.sif(N); do
            if [[ -r $file ]]; then names+=("${${file:t}%.sif}"); fi
        done
    done
    compadd -- $names
}

_ctmgr_complete() {
    local before
    if [[ ${words[CURRENT]} == --container=* ]]; then
        compset -P '--container='
        _ctmgr_images
    elif [[ ${words[CURRENT - 1]} == --container ]]; then
        _ctmgr_images
    else
        before=${_ctmgr_before[$service]:-_default}
        "$before" "$@"
    fi
}

typeset -gA _ctmgr_before
() {
    local tool
    for tool in srun sbatch salloc; do
        # The function that completes this tool now.
        if [[ ${_comps[$tool]-} != _ctmgr_complete ]]; then _ctmgr_before[$tool]=${_comps[$tool]-}; fi
        compdef _ctmgr_complete $tool
    done
}
