#ifndef CTMGR_SRUN_COMPONENTS_H
#define CTMGR_SRUN_COMPONENTS_H

#include <slurm/spank.h>

/* MAX_HET_JOB_COMPONENTS of Slurm's src/common/slurm_opt.h. */
enum { MAX_COMPONENTS = 128 };

/*
 * The components of a heterogeneous srun, `srun A : B`, as srun itself keeps them. SPANK shows a plugin the command of one component
 * only, and nothing that differs between them travels with their environment, which is one and the same (spank(8)).
 */

/* --container of the component that srun has just read, or of one before it, which Slurm lets hold for it; freed by the caller. */
char *component_container(void);

/* Called after each component's options are read, with its number from 0. Returns 0, or -1 if components_wrap() will not do here. */
int components_note(int number);

/*
 * Puts `exec_path --component=NUMBER` (nothing if that is NULL) before the command of each of `count` components and takes --container
 * back from them.
 * Returns 0, or -1 if srun keeps them otherwise than known.
 */
int components_wrap(spank_t spank, const char *exec_path, int count);

/* Takes --container back from an srun without components. */
void take_option_back(void);

#endif
