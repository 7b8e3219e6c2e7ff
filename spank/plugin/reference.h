#ifndef CTMGR_REFERENCE_H
#define CTMGR_REFERENCE_H

#include <limits.h>

#include "failure.h"

/* NAME, NAME:TAG or NAME@sha256:HEX taken apart. A user's own file has no name and its path as `text`. */
struct reference {
    char text[PATH_MAX];
    char name[65];
    char tag[24];
    char sha256[65];
};

/* True for values of --container that are Slurm's own business: paths, unless of an image file, which is no bundle. */
int is_bundle(const char *text);

/* Takes a reference apart. Returns 0 or the failure's code. */
int reference_parse(struct reference *reference, const char *text, struct failure *failure);

/* True for 64 hexadecimal digits. */
int is_digest(const char *text);

/* True if `text` is more than `ending` and ends with it. */
int has_ending(const char *text, const char *ending);

#endif
