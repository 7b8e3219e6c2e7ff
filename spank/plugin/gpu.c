#include "gpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job-variables.h"

static const struct {
    const char *name, *maker, *device, *flag;
} gpus[] = {{"nvidia", "NVIDIA", "/dev/nvidiactl", "--nv"}, {"amd", "AMD", "/dev/kfd", "--rocm"}};

int gpu_flag(const char **flag, const struct config *config, const char *host, struct failure *failure)
{
    const char *asked = getenv(JOB_GPU), *wanted = asked != NULL ? asked : config->gpu, *task = getenv("SLURM_LOCALID");
    int is_auto = strcmp(wanted, "auto") == 0;
    *flag = NULL;
    /* Only for jobs that asked Slurm for one. */
    if (strcmp(wanted, "none") == 0 || (is_auto && getenv("SLURM_JOB_GPUS") == NULL && getenv("SLURM_STEP_GPUS") == NULL)) return 0;
    for (size_t i = 0; i < sizeof gpus / sizeof *gpus; i++) {
        int is_there = access(gpus[i].device, F_OK) == 0;
        if (is_auto ? !is_there : strcmp(wanted, gpus[i].name) != 0) continue;
        /* Apptainer says nothing then. */
        if (!is_there && asked != NULL && (task == NULL || strcmp(task, "0") == 0))
            fprintf(stderr, "ctmgr: node %s has no GPU of %s: there is no %s\n", host, gpus[i].maker, gpus[i].device);
        *flag = gpus[i].flag;
        return 0;
    }
    return is_auto ? 0 : fail(failure, FAIL_USAGE, "nvidia, amd or none", "--container-gpu=%s is not known", wanted);
}
