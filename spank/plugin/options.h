#ifndef CTMGR_OPTIONS_H
#define CTMGR_OPTIONS_H

#include <slurm/spank.h>

/* Registers the --container-... options, whose values are kept. Returns 0, or -1 if Slurm refuses one. */
int options_register(spank_t spank);

/* True if the command line, or the script, has one of them. */
int options_any(void);

/* Sets the variables that tell a job's tasks; `inherits`: what the job has already comes before CTMGR_CONTAINER_... */
void options_export(int inherits);

void options_forget(void);

#endif
