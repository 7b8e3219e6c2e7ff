#ifndef CTMGR_TASK_H
#define CTMGR_TASK_H

#include <slurm/spank.h>

/*
 * On the node, as the task's user: has slurmstepd start ctmgr-exec in place of the command of a job with an image, unless
 * srun does so already. `exec_path` becomes part of the command line. Ends the task if it cannot. Returns 0.
 */
int task_prepare(spank_t spank, char *exec_path, const char *config_path);

#endif
