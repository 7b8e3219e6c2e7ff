#include "wrap.h"

#include <dlfcn.h>
#include <slurm/slurm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "job-variables.h"
#include "programs.h"
#include "srun-components.h"

int is_wrapped(const char *command)
{
    const char *slash = strrchr(command, '/');
    return slash != NULL && strcmp(slash, "/ctmgr-exec") == 0;
}

/* True if srun was given an option that can be written as `shortest` up to `longest`. */
static int has_option(const char *shortest, const char *longest)
{
    FILE *file = fopen("/proc/self/cmdline", "re");
    char *word = NULL;
    size_t size = 0;
    int found = 0;
    while (file != NULL && !found && getdelim(&word, &size, '\0', file) > 0) {
        if (strcmp(word, "--") == 0) break;
        size_t length = strcspn(word, "=");
        found = length >= strlen(shortest) && length <= strlen(longest) && strncmp(word, longest, length) == 0;
    }
    free(word);
    if (file != NULL) fclose(file);
    return found;
}

/* True if srun's command is a file of commands; where srun does not say so, words of the command count as its options, too. */
static int has_programs(void)
{
    char *(*get)(void *, const char *) = NULL;
    void (*release)(void **) = NULL, *opt = dlsym(RTLD_DEFAULT, "opt"), **components = dlsym(RTLD_DEFAULT, "opt_list");
    *(void **)&get = dlsym(RTLD_DEFAULT, "slurm_option_get");
    *(void **)&release = dlsym(RTLD_DEFAULT, "slurm_xfree");
    int is_one = opt != NULL && components != NULL && *components == NULL;
    void *value = is_one && get != NULL && release != NULL ? get(opt, "multi-prog") : NULL;
    int is_unset = value != NULL && strcmp(value, "unset") == 0;
    if (value != NULL) release(&value);
    return !is_unset && (getenv("SLURM_SRUN_MULTI") != NULL || has_option("--mu", "--multi-prog"));
}

int is_broadcast(void)
{
    return getenv("SLURM_BCAST") != NULL || has_option("--bc", "--bcast");
}

/*
 * Lets srun itself start ctmgr-exec, so that the command cannot run on the bare host of a node that does not load the
 * plugin. Words of a command line are freed by Slurm's own allocator. --bcast puts another path there afterwards: then the
 * plugin on the node does it.
 */
static void wrap_command(spank_t spank, const struct wrapping *w)
{
    char *(*duplicate)(const char *) = NULL;
    int argc = 0;
    char **argv = NULL;
    *(void **)&duplicate = dlsym(RTLD_DEFAULT, "slurm_xstrdup");
    if (duplicate == NULL || is_broadcast()) return;
    if (spank_get_item(spank, S_JOB_ARGV, &argc, &argv) != ESPANK_SUCCESS || argc < 1 || argv == NULL || argv[0] == NULL) return;
    if (is_wrapped(argv[0])) return;
    if (setenv(TASK_COMMAND, argv[0], 1) != 0 || setenv(TASK_CONFIG, w->config_path, 1) != 0) return;
    argv[0] = duplicate(w->exec_path);
}

/*
 * slurmstepd turns the file of --multi-prog into commands where no plugin can reach them. Its text is the second word of srun's
 * command by now (_load_multi in src/srun/launch.c): in another one, ctmgr-exec starts each command.
 */
static void wrap_programs(spank_t spank, const struct wrapping *w)
{
    static int done;
    char *(*duplicate)(const char *) = NULL;
    int argc = 0;
    char **argv = NULL;
    if (done++ > 0) return;
    *(void **)&duplicate = dlsym(RTLD_DEFAULT, "slurm_xstrdup");
    spank_err_t got = spank_get_item(spank, S_JOB_ARGV, &argc, &argv);
    char *text = NULL;
    if (got == ESPANK_SUCCESS && duplicate != NULL && argc >= 2 && argv[1] != NULL && programs_are(argv[1], argv[0]))
        text = programs_rewrite(argv[1], w->exec_path);
    if (text == NULL || setenv(TASK_PROGRAMS, "yes", 1) != 0 || setenv(TASK_CONFIG, w->config_path, 1) != 0)
        end_client_saying(FAIL_USAGE, "--container=NAME cannot be used with --multi-prog here", "one srun for each program");
    argv[1] = duplicate(text);
    free(text);
}

void wrap_step(spank_t spank, const struct wrapping *wrapping)
{
    if (wrapping->components > 1) {
        if (components_wrap(spank, is_broadcast() ? NULL : wrapping->exec_path, wrapping->components) != 0)
            end_client_saying(FAIL_USAGE, "--container=NAME cannot be used for components of a heterogeneous step with this Slurm",
                              "one srun for each");
        return;
    }
    take_option_back();
    if (has_programs()) wrap_programs(spank, wrapping);
    else wrap_command(spank, wrapping);
}
