#ifndef CTMGR_JOB_VARIABLES_H
#define CTMGR_JOB_VARIABLES_H

/*
 * What travels with a job from its submission to its tasks. Slurm carries variables whose names begin with SLURM even when
 * --export leaves all others behind (env_array_merge_slurm_spank in its src/common/env.c).
 */
#define JOB_PIN "SLURM_CTMGR_PIN"             /* image.h: the exact image */
#define JOB_MOUNTS "SLURM_CTMGR_MOUNTS"       /* --container-mounts */
#define JOB_WORKDIR "SLURM_CTMGR_WORKDIR"     /* --container-workdir */
#define JOB_ENV "SLURM_CTMGR_ENV"             /* --container-env */
#define JOB_HOME "SLURM_CTMGR_HOME"           /* yes or no: --[no-]container-mount-home */
#define JOB_WRITABLE "SLURM_CTMGR_WRITABLE"   /* yes: --container-writable */
#define JOB_GPU "SLURM_CTMGR_GPU"             /* --container-gpu */

/* All of them, for what has to go through them. */
#define JOB_VARIABLES {JOB_PIN, JOB_MOUNTS, JOB_WORKDIR, JOB_ENV, JOB_HOME, JOB_WRITABLE, JOB_GPU}

/* From the plugin to ctmgr-exec, in one task. */
#define TASK_COMMAND "SLURM_CTMGR_COMMAND"    /* the word that ctmgr-exec stands in for */
#define TASK_CONFIG "SLURM_CTMGR_CONFIG"      /* plugstack.conf's config= */
#define TASK_SCRIPT "SLURM_CTMGR_SCRIPT"      /* yes: the command is the batch script */

#define TASK_PROGRAMS "SLURM_CTMGR_PROGRAMS"  /* yes: --multi-prog, whose lines name ctmgr-exec themselves */

/*
 * The tasks of a heterogeneous step have one environment. Above, with _NUMBER at its end, is what a component other than the first
 * one has; its number is an option of ctmgr-exec.
 */
#define TASK_COMPONENTS "SLURM_CTMGR_COMPONENTS" /* yes: ctmgr-exec is told so */
#define COMPONENT_OPTION "--component="

/* Takes all of that out of the environment. */
void forget_components(void);

/* In the client: the process whose plugin is at work, for a second copy of it and for cli_filter.lua. */
#define CLIENT_PLUGIN "SLURM_CTMGR_PLUGIN"

#endif
