#ifndef CTMGR_CONFIG_H
#define CTMGR_CONFIG_H

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

#include "failure.h"

struct word_list {
    char **words;
    size_t count;
};

/* What config.toml says about running images; the rest of the file is only read past. */
struct config {
    char share[PATH_MAX];
    char apptainer[PATH_MAX];
    int batch_inside;     /* containers.batch_script = "inside" */
    int user_images;      /* containers.user_images */
    int mount_home;       /* containers.mount_home */
    char gpu[8];          /* containers.gpu: auto, nvidia, amd or none */
    struct word_list binds, environment, arguments;
};

/*
 * Reads a configuration that root owns and nobody else may write; a missing one means defaults. `image` (or NULL) is the name
 * whose table [containers.images.NAME] replaces what [containers] says. Returns 0 or the failure's code.
 */
int config_load(struct config *config, const char *path, const char *image, struct failure *failure);

void config_free(struct config *config);

/*
 * Opens a regular file that only root or `owner` may write. Returns a descriptor, or -1 with errno: EPERM if others could
 * have written it.
 */
int open_trusted(const char *path, uid_t owner, size_t *size);

#endif
