#ifndef CTMGR_MOUNTS_H
#define CTMGR_MOUNTS_H

#include <limits.h>
#include <stddef.h>

#include "failure.h"

/* One entry of --container-mounts, `SRC[:DST[:FLAGS]]` as pyxis users know it; tmpfs:DST is an empty folder. */
struct mount {
    char source[PATH_MAX], destination[PATH_MAX];
    int read_only, scratch;
};

/* Takes an entry apart. Flags are joined by +; those that say what Apptainer does anyway are accepted. */
int mount_parse(struct mount *mount, const char *entry, struct failure *failure);

/* The value of Apptainer's --mount, whose fields are quoted as in CSV. */
int mount_format(char *text, size_t size, const char *source, const char *destination, int read_only, struct failure *failure);

#endif
