#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "job-variables.h"
#include "option-values.h"

static const struct {
    const char *name, *argument, *usage, *variable, *fallback;
} options[] = {
    {"container-mounts", "SRC[:DST[:FLAGS]],...", "bind more into the container", JOB_MOUNTS, "CTMGR_CONTAINER_MOUNTS"},
    {"container-workdir", "PATH", "working directory in the container", JOB_WORKDIR, "CTMGR_CONTAINER_WORKDIR"},
    {"container-env", "NAME,...", "variables that keep the host's value where the image has one", JOB_ENV, "CTMGR_CONTAINER_ENV"},
    {"container-mount-home", NULL, "bind the home directory", JOB_HOME, "CTMGR_CONTAINER_MOUNT_HOME"},
    {"no-container-mount-home", NULL, "do not bind the home directory", JOB_HOME, NULL},
    {"container-writable", NULL, "let the task write to a copy that is thrown away", JOB_WRITABLE, "CTMGR_CONTAINER_WRITABLE"},
    {"container-gpu", "nvidia|amd|none", "the GPU libraries of the host to bring along", JOB_GPU, "CTMGR_CONTAINER_GPU"},
};
enum { OPTIONS = sizeof options / sizeof *options };
static char *option_values[OPTIONS];
/* Whether the first component's have been exported, and whether a later one was given something else. */
static int exported, differ;

static int take_option(int value, const char *argument, int remote)
{
    if (remote || value < 0 || value >= OPTIONS) return 0;
    char *text = strdup(options[value].argument != NULL && argument != NULL ? argument : strncmp(options[value].name, "no-", 3) == 0 ? "no" : "yes");
    if (text == NULL) return -1;
    if (exported && (option_values[value] == NULL || strcmp(option_values[value], text) != 0)) differ = 1;
    /* Of --container-mount-home and its opposite the last one counts. */
    for (int i = 0; i < OPTIONS; i++) {
        if (strcmp(options[i].variable, options[value].variable) != 0) continue;
        free(option_values[i]);
        option_values[i] = NULL;
    }
    option_values[value] = text;
    return 0;
}

int options_register(spank_t spank)
{
    for (int i = 0; i < OPTIONS; i++) {
        struct spank_option option = {.name = (char *)options[i].name,
                                      .arginfo = (char *)options[i].argument,
                                      .usage = (char *)options[i].usage,
                                      .has_arg = options[i].argument != NULL,
                                      .val = i,
                                      .cb = take_option};
        if (spank_option_register(spank, &option) != ESPANK_SUCCESS) return -1;
    }
    return 0;
}

void options_forget_slurm(void)
{
    char variable[128];
    for (int i = 0; i < OPTIONS; i++) {
        int length = snprintf(variable, sizeof variable, "SLURM_SPANK__SLURM_SPANK_OPTION_ctmgr_%s", options[i].name);
        for (char *c = variable; length > 0 && *c != '\0'; c++) {
            if (*c == '-') *c = '_';
        }
        unsetenv(variable);
    }
}

void options_forget(void)
{
    for (int i = 0; i < OPTIONS; i++) unsetenv(options[i].variable);
}

static void export_value(const char *name, int option, const char *value, int number)
{
    char variable[64];
    struct failure failure;
    if (option_value_check(name, options[option].variable, value, &failure) != 0) end_client(&failure);
    snprintf(variable, sizeof variable, number > 0 ? "%s_%d" : "%s", options[option].variable, number);
    int is_flag = strcmp(options[option].variable, JOB_HOME) == 0 || strcmp(options[option].variable, JOB_WRITABLE) == 0;
    setenv(variable, is_flag ? option_flag(value) : value, 1);
}

void options_export(int inherits, int number)
{
    exported = 1;
    for (int i = 0; i < OPTIONS; i++) {
        char name[64];
        snprintf(name, sizeof name, "--%s", options[i].name);
        if (option_values[i] != NULL) {
            export_value(name, i, option_values[i], number);
        } else if (number == 0 && options[i].fallback != NULL && !(inherits && getenv(options[i].variable) != NULL)) {
            /* What the first component has holds for the others, too, where there is nothing else. */
            const char *value = getenv(options[i].fallback);
            if (value != NULL && value[0] != '\0') export_value(options[i].fallback, i, value, 0);
        }
    }
}

int options_differ(void) { return differ; }

int options_any(void)
{
    for (int i = 0; i < OPTIONS; i++) {
        if (option_values[i] != NULL) return 1;
    }
    return 0;
}
