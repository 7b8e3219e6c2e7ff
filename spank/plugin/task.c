#include "task.h"

#include <limits.h>
#include <slurm/slurm.h>
#include <stdint.h>
#include <unistd.h>

#include "image.h"
#include "job-variables.h"
#include "pin.h"
#include "wrap.h"

static void end_task(const char *message)
{
    slurm_error("ctmgr: %s", message);
    _exit(1);
}

/* A batch script that runs on the host learns what its steps run in. */
static int tell_script(spank_t spank, const char *pin)
{
    struct image image;
    struct failure failure;
    if (pin_parse(&image, pin, &failure) != 0) end_task(failure.message);
    spank_setenv(spank, "SLURM_CONTAINER", image.reference.text, 1);
    spank_setenv(spank, "CTMGR_CONTAINER", image.reference.text, 1);
    spank_setenv(spank, "CTMGR_IMAGE", image.path, 1);
    if (image.sha256[0] != '\0') spank_setenv(spank, "CTMGR_SHA256", image.sha256, 1);
    return 0;
}

int task_prepare(spank_t spank, char *exec_path, const char *config_path)
{
    char pin[PATH_MAX + 256], value[PATH_MAX];
    spank_err_t got = spank_getenv(spank, JOB_PIN, pin, sizeof pin);
    if (got == ESPANK_ENV_NOEXIST) {
        if (spank_getenv(spank, "SLURM_CONTAINER", value, sizeof value) != ESPANK_SUCCESS || is_bundle(value)) return 0;
        end_task("--container was not resolved when this job was submitted: is the plugin loaded there?");
    }
    if (got != ESPANK_SUCCESS) end_task("cannot read " JOB_PIN);

    uint32_t step = 0;
    int argc = 0;
    char **argv = NULL;
    if (spank_get_item(spank, S_JOB_STEPID, &step) != ESPANK_SUCCESS || spank_get_item(spank, S_JOB_ARGV, &argc, &argv) != ESPANK_SUCCESS ||
        argc < 1 || argv == NULL || argv[0] == NULL)
        end_task("cannot get the command of the task");
    spank_unsetenv(spank, CLIENT_PLUGIN);
    if (is_wrapped(argv[0])) return 0;
    if (step != SLURM_BATCH_SCRIPT && (spank_getenv(spank, TASK_PROGRAMS, value, sizeof value) == ESPANK_SUCCESS ||
                                       spank_getenv(spank, TASK_COMPONENTS, value, sizeof value) == ESPANK_SUCCESS))
        return 0;
    if (step == SLURM_BATCH_SCRIPT) {
        struct config config;
        struct failure failure;
        if (config_load(&config, config_path, NULL, &failure) != 0) end_task(failure.message);
        int inside = config.batch_inside;
        config_free(&config);
        if (!inside) return tell_script(spank, pin);
        if (spank_setenv(spank, TASK_SCRIPT, "yes", 1) != ESPANK_SUCCESS) end_task("cannot set a variable");
    }
    if (spank_setenv(spank, TASK_COMMAND, argv[0], 1) != ESPANK_SUCCESS || spank_setenv(spank, TASK_CONFIG, config_path, 1) != ESPANK_SUCCESS)
        end_task("cannot set a variable");
    argv[0] = exec_path;
    return 0;
}
