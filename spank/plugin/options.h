#ifndef CTMGR_OPTIONS_H
#define CTMGR_OPTIONS_H

#include <slurm/spank.h>

/* Registers the --container-... options, whose values are kept. Returns 0, or -1 if Slurm refuses one. */
int options_register(spank_t spank);

/* True if the command line, or the script, has one of them. */
int options_any(void);

/* True if a component after the first one, whose options were exported by then, was given another value. */
int options_differ(void);

/*
 * Sets the variables that tell a job's tasks; `inherits`: what the job has already comes before CTMGR_CONTAINER_... Those of a
 * component of a heterogeneous step other than the first one, whose `number` is above 0, have it in their names.
 */
void options_export(int inherits, int number);

void options_forget(void);

/*
 * Slurm gives the options of a job to what is submitted in it, even to steps that ask for no image, and has lost by then which of them
 * take no value (_option_setenv in src/common/spank.c). What a job's own steps need is in the variables of above.
 */
void options_forget_slurm(void);

#endif
