/*
 * ctmgr-exec: becomes Apptainer running the task's command in the pinned image. slurmstepd starts it in place of the
 * command, as the user, with the job's environment. Everything it decides by is a variable that the user may have
 * changed, so it looks at all of it again; the paths of programs come from config.toml, which root alone may write.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gpu.h"
#include "image.h"
#include "job-variables.h"
#include "mounts.h"
#include "pin.h"

static char host[256];

static void end(const struct failure *failure)
{
    fprintf(stderr, "ctmgr: %s\n", failure->message);
    if (failure->hint[0] != '\0') fprintf(stderr, "Try: %s\n", failure->hint);
    exit(failure->code);
}

static void out_of_memory(void)
{
    fprintf(stderr, "ctmgr: out of memory\n");
    exit(1);
}

/* The words of Apptainer's command line. */
struct command {
    char **words;
    size_t count;
};

static void add(struct command *command, const char *word)
{
    char **words = realloc(command->words, (command->count + 2) * sizeof *words);
    if (words == NULL) out_of_memory();
    command->words = words;
    words[command->count] = strdup(word);
    if (words[command->count++] == NULL) out_of_memory();
    words[command->count] = NULL;
}

static void add_mount(struct command *command, const char *source, const char *destination, int read_only)
{
    char text[3 * PATH_MAX];
    struct failure failure;
    if (mount_format(text, sizeof text, source, destination, read_only, &failure) != 0) end(&failure);
    add(command, "--mount");
    add(command, text);
}

static void add_bind(struct command *command, const char *entry)
{
    struct mount mount;
    struct failure failure;
    if (mount_parse(&mount, entry, &failure) != 0) end(&failure);
    if (mount.scratch) {
        add(command, "--scratch");
        add(command, mount.destination);
    } else {
        add_mount(command, mount.source, mount.destination, mount.read_only);
    }
}

static int is_below(const char *path, const char *folder)
{
    size_t length = folder == NULL ? 0 : strlen(folder);
    return length > 1 && strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* A folder that the job's environment speaks of, unless Apptainer brings it along anyway. */
static void add_folder(struct command *command, const char *variable)
{
    const char *path = getenv(variable);
    struct stat status;
    if (path == NULL || path[0] != '/' || stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) return;
    if (!is_below(path, "/tmp") && !is_below(path, "/var/tmp") && !is_below(path, getenv("HOME"))) add_mount(command, path, path, 0);
}

static void add_mounts(struct command *command, const struct config *config)
{
    for (size_t i = 0; i < config->binds.count; i++) add_bind(command, config->binds.words[i]);
    add_folder(command, "TMPDIR");
    /* Where the PMIx server of this step has its sockets, and those that munge credentials are got by. */
    add_folder(command, "PMIX_SERVER_TMPDIR");
    if (getenv("PMIX_RANK") != NULL && access("/run/munge", X_OK) == 0) add_mount(command, "/run/munge", "/run/munge", 0);

    const char *mounts = getenv(JOB_MOUNTS);
    if (mounts == NULL || mounts[0] == '\0') return;
    char *copy = strdup(mounts), *rest = copy;
    if (copy == NULL) out_of_memory();
    for (char *entry; (entry = strsep(&rest, ",")) != NULL;) add_bind(command, entry);
    free(copy);
}

/* Apptainer gives APPTAINERENV_NAME the last word over what the image sets. */
static void keep_variable(const char *name, const char *value)
{
    char variable[512];
    int length = snprintf(variable, sizeof variable, "APPTAINERENV_%s", name);
    if (length > 0 && (size_t)length < sizeof variable && setenv(variable, value, 1) != 0) out_of_memory();
}

static void set_variables(const struct config *config, const struct image *image)
{
    for (size_t i = 0; i < config->environment.count; i++) {
        char *word = config->environment.words[i], *equals = strchr(word, '=');
        *equals = '\0';
        keep_variable(word, equals + 1);
        *equals = '=';
    }
    const char *list = getenv(JOB_ENV);
    char *copy = strdup(list == NULL ? "" : list), *rest = copy;
    if (copy == NULL) out_of_memory();
    for (char *name; (name = strsep(&rest, ",")) != NULL;) {
        const char *value = getenv(name);
        /* Apptainer keeps HOME anyway, and warns. */
        if (value != NULL && name[0] != '\0' && strcmp(name, "HOME") != 0) keep_variable(name, value);
    }
    free(copy);
    if (setenv("CTMGR_CONTAINER", image->reference.text, 1) != 0 || setenv("CTMGR_IMAGE", image->path, 1) != 0 ||
        setenv("SLURM_CONTAINER", image->reference.text, 1) != 0 || setenv("CTMGR_SHA256", image->sha256, 1) != 0)
        out_of_memory();
    if (image->sha256[0] == '\0') unsetenv("CTMGR_SHA256");
    unsetenv(TASK_COMMAND);
    unsetenv(TASK_CONFIG);
    unsetenv(TASK_SCRIPT);
    unsetenv(TASK_PROGRAMS);
    forget_components();
}

/*
 * Programs in the image are started by ctmgr-enter, which says that it was inside the image when there is no such command.
 * It comes along as an open file: the image need not have a place for it.
 */
static void add_starter(struct command *command, const char *self, const struct image *image)
{
    char path[PATH_MAX], number[64];
    const char *slash = strrchr(self, '/');
    if (slash == NULL || snprintf(path, sizeof path, "%.*s/ctmgr-enter", (int)(slash - self), self) >= (int)sizeof path) return;
    int file = open(path, O_RDONLY);
    if (file < 0) return;
    snprintf(number, sizeof number, "/proc/self/fd/%d", file);
    add(command, number);
    add(command, image->reference.text);
}

/* Puts what the component of a heterogeneous step has of its own in the place of what the first one has. */
static void use_component(const char *number)
{
    static const char *const variables[] = JOB_VARIABLES;
    char name[64];
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        snprintf(name, sizeof name, "%s_%.8s", variables[i], number);
        const char *value = getenv(name);
        if (value != NULL && setenv(variables[i], value, 1) != 0) out_of_memory();
        /* The first one's image is not another one's. */
        if (value == NULL && i == 0) unsetenv(variables[i]);
    }
}

int main(int argc, char **argv)
{
    const char *self = argv[0], *components = getenv(TASK_COMPONENTS);
    const size_t option = strlen(COMPONENT_OPTION);
    int is_component = components != NULL && argc > 2 && strncmp(argv[1], COMPONENT_OPTION, option) == 0;
    if (is_component) {
        if (strcmp(argv[1] + option, "0") != 0) use_component(argv[1] + option);
        argc--;
        argv++;
    }
    const char *command_word = getenv(TASK_COMMAND), *pin = getenv(JOB_PIN), *config_path = getenv(TASK_CONFIG);
    const char *home = getenv(JOB_HOME), *workdir = getenv(JOB_WORKDIR), *node = getenv("SLURMD_NODENAME"), *writable = getenv(JOB_WRITABLE);
    struct image image;
    struct config config;
    struct failure failure;

    /* A component, and a line of --multi-prog, has its command right here. */
    if ((is_component || getenv(TASK_PROGRAMS) != NULL) && argc > 1) {
        command_word = argv[1];
        argc--;
        argv++;
    }
    if (node != NULL) snprintf(host, sizeof host, "%s", node);
    else if (gethostname(host, sizeof host - 1) != 0) strcpy(host, "?");
    if (argc < 1 || command_word == NULL || pin == NULL) {
        fprintf(stderr, "ctmgr: ctmgr-exec is started by Slurm's plugin only\n");
        return FAIL_USAGE;
    }
    if (pin_parse(&image, pin, &failure) != 0 ||
        config_load(&config, config_path != NULL ? config_path : "/etc/ctmgr/config.toml", image.reference.name, &failure) != 0 ||
        image_check(&image, &config, host, &failure) != 0)
        end(&failure);

    struct command command = {0};
    add(&command, config.apptainer);
    add(&command, "--quiet");
    add(&command, "exec");
    for (size_t i = 0; i < config.arguments.count; i++) add(&command, config.arguments.words[i]);
    if (home != NULL ? strcmp(home, "no") == 0 : !config.mount_home) {
        add(&command, "--no-mount");
        add(&command, "home");
    }
    if (writable != NULL && strcmp(writable, "yes") == 0) add(&command, "--writable-tmpfs");
    if (workdir != NULL && workdir[0] != '\0') {
        add(&command, "--pwd");
        add(&command, workdir);
    }
    const char *gpu = NULL;
    if (gpu_flag(&gpu, &config, host, &failure) != 0) end(&failure);
    if (gpu != NULL) add(&command, gpu);
    add_mounts(&command, &config);
    if (getenv(TASK_SCRIPT) != NULL) add_mount(&command, command_word, command_word, 1);
    add(&command, image.path);
    add_starter(&command, self, &image);
    add(&command, command_word);
    for (int i = 1; i < argc; i++) add(&command, argv[i]);
    set_variables(&config, &image);

    execv(config.apptainer, command.words);
    fail(&failure, FAIL_UNAVAILABLE, "tell the admins", "cannot start %s on node %s: %s", config.apptainer, host, strerror(errno));
    end(&failure);
}
