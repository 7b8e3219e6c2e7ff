#ifndef CTMGR_CLIENT_H
#define CTMGR_CLIENT_H

#include "failure.h"

/* End srun, sbatch or salloc. After an error of an optional plugin Slurm itself would go on, on the bare host. */
void end_client(const struct failure *failure);
void end_client_saying(int code, const char *message, const char *hint);

#endif
