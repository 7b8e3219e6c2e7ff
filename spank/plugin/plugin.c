/*
 * SPANK plugin of ctmgr: --container=NAME for srun, sbatch and salloc (spank(8)).
 *
 * Slurm has an option --container of its own, so none is registered; its value shows up in the client's environment as
 * SLURM_CONTAINER. At submission the name is resolved to a file that is pinned for the whole job. On the node the command's
 * first word is replaced by ctmgr-exec, so that TaskProlog, TMPDIR and limits, which slurmstepd sees to after its plugins,
 * still happen. Without a container asked for, nothing is done but look at two variables.
 *
 * What fails ends the process instead of telling Slurm: after an error of an optional plugin Slurm would go on, on the bare host.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What Slurm looks up by name; nothing else of this plugin shows up in its process. */
#pragma GCC visibility push(default)
#include <slurm/slurm.h>
#include <slurm/spank.h>

SPANK_PLUGIN(ctmgr, 1)
#pragma GCC visibility pop

#include "client.h"
#include "image.h"
#include "job-variables.h"
#include "options.h"
#include "pin.h"
#include "task.h"
#include "wrap.h"

static char config_path[PATH_MAX] = "/etc/ctmgr/config.toml";
static char exec_path[PATH_MAX];
/* SLURM_CONTAINER as the client inherited it, and whether this copy of the plugin is the one at work. */
static char *inherited;
static int active;
/* How often plugstack.conf names this very file: Slurm then calls each function as often. */
static int copies, post_opt_calls;
/* Components of the job so far, and what the first one asked for. */
static int components, first_is_explicit;
static char first_reference[PATH_MAX];

/* Arguments of the line in plugstack.conf; ctmgr-exec lies beside the plugin unless they say otherwise. */
static void read_arguments(int count, char **words)
{
    Dl_info self;
    if (dladdr((void *)&read_arguments, &self) != 0 && self.dli_fname != NULL) {
        const char *slash = strrchr(self.dli_fname, '/');
        snprintf(exec_path, sizeof exec_path, "%.*s/ctmgr-exec", slash == NULL ? 0 : (int)(slash - self.dli_fname), self.dli_fname);
    }
    for (int i = 0; i < count; i++) {
        if (strncmp(words[i], "config=/", 8) == 0) snprintf(config_path, sizeof config_path, "%s", words[i] + 7);
        else if (strncmp(words[i], "exec=/", 6) == 0) snprintf(exec_path, sizeof exec_path, "%s", words[i] + 5);
        else slurm_error("ctmgr: plugstack.conf: unknown argument %s", words[i]);
    }
}

int slurm_spank_init(spank_t spank, int count, char **words)
{
    spank_context_t context = spank_context();
    if (context != S_CTX_LOCAL && context != S_CTX_ALLOCATOR && context != S_CTX_REMOTE) return 0;
    if (copies++ > 0) return 0;
    if (context != S_CTX_REMOTE) {
        char own[32];
        const char *other = getenv(CLIENT_PLUGIN);
        snprintf(own, sizeof own, "%ld", (long)getpid());
        if (other != NULL && strcmp(other, own) == 0) return 0;
        setenv(CLIENT_PLUGIN, own, 1);
        /* Slurm sets it only where it is not set, so that a job's own value would hide that of --container. */
        const char *outer = getenv("SLURM_CONTAINER");
        if (outer != NULL) inherited = strdup(outer);
        unsetenv("SLURM_CONTAINER");
    }
    active = 1;
    read_arguments(count, words);
    return options_register(spank);
}

/* The pin of the job that this process runs in, if it is one of the same reference. */
static int reuse_pin(struct image *image, const char *reference)
{
    const char *pin = getenv(JOB_PIN);
    struct failure ignored;
    return pin != NULL && getenv("SLURM_JOB_ID") != NULL && pin_parse(image, pin, &ignored) == 0 &&
           strcmp(image->reference.text, reference) == 0;
}

/* What an srun without --container inherits from its job. */
static const char *inherited_reference(struct image *image)
{
    const char *pin = getenv(JOB_PIN);
    struct failure failure;
    if (pin == NULL) return inherited;
    if (pin_parse(image, pin, &failure) != 0) end_client(&failure);
    return image->reference.text;
}

static void forget_container(void)
{
    unsetenv(JOB_PIN);
    unsetenv(TASK_PROGRAMS);
    options_forget();
}

/* All components of a heterogeneous job share one environment, and with it one image. */
static void check_components(int is_explicit, const char *reference)
{
    if (components++ == 0) {
        first_is_explicit = is_explicit;
        snprintf(first_reference, sizeof first_reference, "%s", reference == NULL ? "" : reference);
    } else if (first_is_explicit != is_explicit || strcmp(first_reference, reference == NULL ? "" : reference) != 0) {
        end_client_saying(FAIL_USAGE, "all components of a heterogeneous job need the same --container",
                          "name the image in each component, on both sides of the :");
    }
}

int slurm_spank_init_post_opt(spank_t spank, int count, char **words)
{
    (void)spank, (void)count, (void)words;
    spank_context_t context = spank_context();
    if (!active || (context != S_CTX_LOCAL && context != S_CTX_ALLOCATOR)) return 0;
    if (post_opt_calls++ % copies != 0) return 0;

    struct image pinned, image;
    struct failure failure;
    const char *asked = getenv("SLURM_CONTAINER"), *reference = asked;
    int in_job = context == S_CTX_LOCAL && getenv("SLURM_JOB_ID") != NULL;
    if (asked == NULL && in_job) reference = inherited_reference(&pinned);
    check_components(asked != NULL, reference);
    if (reference == NULL) {
        if (options_any()) end_client_saying(FAIL_USAGE, "--container-... options need --container=NAME", "");
        forget_container();
        return 0;
    }

    struct config config;
    if (config_load(&config, config_path, NULL, &failure) != 0) end_client(&failure);
    if (is_bundle(reference)) {
        /* Slurm's own OCI support: as if there were no plugin. */
        if (asked == NULL) setenv("SLURM_CONTAINER", reference, 1);
        forget_container();
    } else {
        if (asked != NULL && !in_job) forget_container();
        if (in_job && reuse_pin(&image, reference)) {
            if (image_check(&image, &config, NULL, &failure) != 0) end_client(&failure);
        } else if (image_resolve(&image, &config, reference, &failure) != 0) {
            end_client(&failure);
        }
        char pin[sizeof image.path + 256];
        if (pin_format(pin, sizeof pin, &image) != 0 || setenv(JOB_PIN, pin, 1) != 0)
            end_client_saying(FAIL_UNAVAILABLE, "cannot pin the image", "");
        options_export(in_job);
        unsetenv(TASK_COMMAND);
        unsetenv(TASK_PROGRAMS);
        /* The next component of a heterogeneous job shall show its own value. */
        unsetenv("SLURM_CONTAINER");
        setenv("CTMGR_CONTAINER", image.reference.text, 1);
        setenv("CTMGR_IMAGE", image.path, 1);
        if (image.sha256[0] != '\0') setenv("CTMGR_SHA256", image.sha256, 1);
        else unsetenv("CTMGR_SHA256");
    }
    config_free(&config);
    return 0;
}

int slurm_spank_local_user_init(spank_t spank, int count, char **words)
{
    (void)count, (void)words;
    if (!active || getenv(JOB_PIN) == NULL) return 0;
    wrap_step(spank, &(struct wrapping){.exec_path = exec_path, .config_path = config_path, .components = components});
    return 0;
}

int slurm_spank_task_init(spank_t spank, int count, char **words)
{
    (void)count, (void)words;
    return active ? task_prepare(spank, exec_path, config_path) : 0;
}
