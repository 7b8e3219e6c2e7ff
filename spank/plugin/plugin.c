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
#include "srun-components.h"
#include "task.h"
#include "wrap.h"

static char config_path[PATH_MAX] = "/etc/ctmgr/config.toml";
static char exec_path[PATH_MAX];
/* SLURM_CONTAINER and the pin as the client inherited them, and whether this copy of the plugin is the one at work. */
static char *inherited, *inherited_pin;
static int active;
/* How often plugstack.conf names this very file: Slurm then calls each function as often. */
static int copies, post_opt_calls;
/* Components of the job or step so far, and what the first one asked for. */
static int components;
static char first_reference[PATH_MAX];
/* True if ctmgr-exec is told which component of a heterogeneous step it runs in. */
static int by_component;

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
        const char *pin = getenv(JOB_PIN);
        if (pin != NULL) inherited_pin = strdup(pin);
        options_forget_slurm();
    }
    active = 1;
    read_arguments(count, words);
    return options_register(spank);
}

/* The pin of the job that this process runs in, if it is one of the same reference. */
static int reuse_pin(struct image *image, const char *reference)
{
    struct failure ignored;
    return inherited_pin != NULL && getenv("SLURM_JOB_ID") != NULL && pin_parse(image, inherited_pin, &ignored) == 0 &&
           strcmp(image->reference.text, reference) == 0;
}

/* What an srun without --container inherits from its job. */
static const char *inherited_reference(struct image *image)
{
    struct failure failure;
    if (inherited_pin == NULL) return inherited;
    if (pin_parse(image, inherited_pin, &failure) != 0) end_client(&failure);
    return image->reference.text;
}

static void forget_container(void)
{
    unsetenv(JOB_PIN);
    unsetenv(TASK_PROGRAMS);
    options_forget();
}

/*
 * Components of a heterogeneous step may have an image each. Those of a job that sbatch or salloc submits have one script and one
 * environment, and with them one image, as has what --bcast copies. None can be on the bare host while others are not.
 */
static void check_component(int number, const char *reference, int is_step)
{
    const char *text = reference == NULL ? "" : reference;
    if (number == 0) {
        snprintf(first_reference, sizeof first_reference, "%s", text);
        if (is_step && reference != NULL) components_note(0);
        return;
    }
    int has_image = text[0] != '\0' && !is_bundle(text), first_has = first_reference[0] != '\0' && !is_bundle(first_reference);
    if (has_image != first_has)
        end_client_saying(FAIL_USAGE, "some components of a heterogeneous job name an image, others none or a bundle",
                          "name it in the first one: it holds for all that name none");
    if (!has_image) return;
    if (is_step && components_note(number) != 0)
        end_client_saying(FAIL_USAGE, "--container=NAME cannot be used for components of a heterogeneous step with this Slurm",
                          "one srun for each");
    by_component = is_step && !is_broadcast();
    if (!by_component && strcmp(first_reference, text) != 0)
        end_client_saying(FAIL_USAGE,
                          is_step ? "with --bcast, all components of a heterogeneous step need the same --container"
                                  : "all components of a heterogeneous job need the same --container",
                          is_step ? "leave out --bcast: images are on all nodes"
                                  : "name others in the script: srun --het-group=0 --container=NAME A : --het-group=1 --container=OTHER B");
    if (!by_component && options_differ())
        end_client_saying(FAIL_USAGE,
                          is_step ? "with --bcast, all components of a heterogeneous step need the same --container-... options"
                                  : "all components of a heterogeneous job need the same --container-... options",
                          is_step ? "leave out --bcast: images are on all nodes" : "give them to the srun in the script");
}

/* Tells the tasks of a component which image they run in. */
static void export_image(const struct image *image, int number, int in_job)
{
    char pin[sizeof image->path + 256], variable[64] = JOB_PIN;
    if (number > 0 && by_component) {
        snprintf(variable, sizeof variable, JOB_PIN "_%d", number);
        setenv(TASK_COMPONENTS, "yes", 1);
        setenv(TASK_CONFIG, config_path, 1);
    }
    if (pin_format(pin, sizeof pin, image) != 0 || setenv(variable, pin, 1) != 0) end_client_saying(FAIL_UNAVAILABLE, "cannot pin the image", "");
    options_export(in_job, by_component ? number : 0);
    if (number > 0) return;
    unsetenv(TASK_COMMAND);
    unsetenv(TASK_PROGRAMS);
    setenv("CTMGR_CONTAINER", image->reference.text, 1);
    setenv("CTMGR_IMAGE", image->path, 1);
    if (image->sha256[0] != '\0') setenv("CTMGR_SHA256", image->sha256, 1);
    else unsetenv("CTMGR_SHA256");
}

int slurm_spank_init_post_opt(spank_t spank, int count, char **words)
{
    (void)spank, (void)count, (void)words;
    spank_context_t context = spank_context();
    if (!active || (context != S_CTX_LOCAL && context != S_CTX_ALLOCATOR)) return 0;
    if (post_opt_calls++ % copies != 0) return 0;

    struct image pinned, image;
    struct failure failure;
    int number = components++, in_job = context == S_CTX_LOCAL && getenv("SLURM_JOB_ID") != NULL;
    char *asked = component_container();
    const char *reference = asked;
    if (number == 0) forget_components();
    if (asked == NULL && in_job) reference = inherited_reference(&pinned);
    check_component(number, reference, context == S_CTX_LOCAL);

    struct config config;
    if (reference == NULL) {
        if (options_any()) end_client_saying(FAIL_USAGE, "--container-... options need --container=NAME", "");
        forget_container();
    } else if (config_load(&config, config_path, NULL, &failure) != 0) {
        end_client(&failure);
    } else if (is_bundle(reference)) {
        /* Slurm's own OCI support: as if there were no plugin. */
        if (asked == NULL) setenv("SLURM_CONTAINER", reference, 1);
        forget_container();
        config_free(&config);
    } else {
        if (asked != NULL && !in_job && number == 0) forget_container();
        if (in_job && reuse_pin(&image, reference)) {
            if (image_check(&image, &config, NULL, &failure) != 0) end_client(&failure);
        } else if (image_resolve(&image, &config, reference, &failure) != 0) {
            end_client(&failure);
        }
        export_image(&image, number, in_job);
        unsetenv("SLURM_CONTAINER");
        config_free(&config);
    }
    free(asked);
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
