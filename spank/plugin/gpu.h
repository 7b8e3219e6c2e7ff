#ifndef CTMGR_GPU_H
#define CTMGR_GPU_H

#include "config.h"
#include "failure.h"

/* Sets `flag` to the option of Apptainer that brings the GPU's libraries along, or NULL. Returns 0, or the code of the failure. */
int gpu_flag(const char **flag, const struct config *config, const char *host, struct failure *failure);

#endif
