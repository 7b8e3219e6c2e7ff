#ifndef CTMGR_WRAP_H
#define CTMGR_WRAP_H

#include <slurm/spank.h>

struct wrapping {
    const char *exec_path, *config_path;
    int components; /* of a heterogeneous job */
};

/* True if srun, or another copy of the plugin, has put ctmgr-exec in the command's place. */
int is_wrapped(const char *command);

/* True if srun copies the command to the nodes: --bcast. */
int is_broadcast(void);

/* In srun, before a step starts: puts ctmgr-exec in the place of its command, or of each command of --multi-prog. */
void wrap_step(spank_t spank, const struct wrapping *wrapping);

#endif
