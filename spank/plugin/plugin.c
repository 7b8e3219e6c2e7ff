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
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image.h"
#include "job-variables.h"
#include "programs.h"

/* What Slurm looks up by name; nothing else of this plugin shows up in its process. */
#pragma GCC visibility push(default)
#include <slurm/slurm.h>
#include <slurm/spank.h>

SPANK_PLUGIN(ctmgr, 1)
#pragma GCC visibility pop

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

static void end_client(const struct failure *failure)
{
    slurm_error("ctmgr: %s", failure->message);
    if (failure->hint[0] != '\0') slurm_spank_log("Try: %s", failure->hint);
    fflush(NULL);
    _exit(failure->code);
}

static void end_client_saying(int code, const char *message, const char *hint)
{
    struct failure failure;
    fail(&failure, code, hint, "%s", message);
    end_client(&failure);
}

/* True if srun, or another copy of the plugin, has put ctmgr-exec in the command's place. */
static int is_wrapped(const char *command)
{
    const char *slash = strrchr(command, '/');
    return slash != NULL && strcmp(slash, "/ctmgr-exec") == 0;
}

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

static int take_option(int value, const char *argument, int remote)
{
    if (remote || value < 0 || value >= OPTIONS) return 0;
    free(option_values[value]);
    option_values[value] = strdup(argument != NULL ? argument : strncmp(options[value].name, "no-", 3) == 0 ? "no" : "yes");
    return option_values[value] == NULL ? -1 : 0;
}

static int register_options(spank_t spank)
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
    return register_options(spank);
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
    for (int i = 0; i < OPTIONS; i++) unsetenv(options[i].variable);
}

static void export_options(int inherits)
{
    for (int i = 0; i < OPTIONS; i++) {
        const char *value = option_values[i];
        if (value == NULL && options[i].fallback != NULL && !(inherits && getenv(options[i].variable) != NULL))
            value = getenv(options[i].fallback);
        if (value != NULL) setenv(options[i].variable, value, 1);
    }
}

static int any_option(void)
{
    for (int i = 0; i < OPTIONS; i++) {
        if (option_values[i] != NULL) return 1;
    }
    return 0;
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
        if (any_option()) end_client_saying(FAIL_USAGE, "--container-... options need --container=NAME", "");
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
        export_options(in_job);
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

/*
 * Lets srun itself start ctmgr-exec, so that the command cannot run on the bare host of a node that does not load the
 * plugin. Words of a command line are freed by Slurm's own allocator. --bcast puts another path there afterwards, and
 * components of a heterogeneous job have different commands: then the plugin on the node does it.
 */
static void wrap_command(spank_t spank)
{
    char *(*duplicate)(const char *) = NULL;
    int argc = 0;
    char **argv = NULL;
    *(void **)&duplicate = dlsym(RTLD_DEFAULT, "slurm_xstrdup");
    if (duplicate == NULL || components != 1 || getenv("SLURM_BCAST") != NULL || has_option("--bc", "--bcast")) return;
    if (spank_get_item(spank, S_JOB_ARGV, &argc, &argv) != ESPANK_SUCCESS || argc < 1 || argv == NULL || argv[0] == NULL) return;
    if (is_wrapped(argv[0])) return;
    if (setenv(TASK_COMMAND, argv[0], 1) != 0 || setenv(TASK_CONFIG, config_path, 1) != 0) return;
    argv[0] = duplicate(exec_path);
}

/*
 * slurmstepd turns the file of --multi-prog into commands where no plugin can reach them. Its text is the second word of srun's
 * command by now (_load_multi in src/srun/launch.c): in another one, ctmgr-exec starts each command.
 */
static void wrap_programs(spank_t spank)
{
    static int done;
    char *(*duplicate)(const char *) = NULL;
    int argc = 0;
    char **argv = NULL;
    if (done++ > 0) return;
    *(void **)&duplicate = dlsym(RTLD_DEFAULT, "slurm_xstrdup");
    spank_err_t got = spank_get_item(spank, S_JOB_ARGV, &argc, &argv);
    char *text = NULL;
    if (got == ESPANK_SUCCESS && duplicate != NULL && components == 1 && argc >= 2 && argv[1] != NULL && programs_are(argv[1], argv[0]))
        text = programs_rewrite(argv[1], exec_path);
    if (text == NULL || setenv(TASK_PROGRAMS, "yes", 1) != 0 || setenv(TASK_CONFIG, config_path, 1) != 0)
        end_client_saying(FAIL_USAGE, "--container=NAME cannot be used with --multi-prog here", "one srun for each program");
    argv[1] = duplicate(text);
    free(text);
}

int slurm_spank_local_user_init(spank_t spank, int count, char **words)
{
    (void)count, (void)words;
    if (!active || getenv(JOB_PIN) == NULL) return 0;
    if (getenv("SLURM_SRUN_MULTI") != NULL || has_option("--mu", "--multi-prog")) wrap_programs(spank);
    else wrap_command(spank);
    return 0;
}

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

int slurm_spank_task_init(spank_t spank, int count, char **words)
{
    char pin[PATH_MAX + 256], value[PATH_MAX];
    (void)count, (void)words;
    if (!active) return 0;
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
    if (step != SLURM_BATCH_SCRIPT && spank_getenv(spank, TASK_PROGRAMS, value, sizeof value) == ESPANK_SUCCESS) return 0;
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
