#include "client.h"

#include <slurm/slurm.h>
#include <slurm/spank.h>
#include <stdio.h>
#include <unistd.h>

void end_client(const struct failure *failure)
{
    slurm_error("ctmgr: %s", failure->message);
    if (failure->hint[0] != '\0') slurm_spank_log("Try: %s", failure->hint);
    fflush(NULL);
    _exit(failure->code);
}

void end_client_saying(int code, const char *message, const char *hint)
{
    struct failure failure;
    fail(&failure, code, hint, "%s", message);
    end_client(&failure);
}
