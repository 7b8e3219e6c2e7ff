#ifndef CTMGR_IMAGE_H
#define CTMGR_IMAGE_H

#include "config.h"
#include "reference.h"

/* An exact file: what a reference meant when the job was submitted. */
struct image {
    struct reference reference;
    char path[PATH_MAX];
    char sha256[65]; /* empty if the catalogue does not tell */
};

/* The exact, readable file that a reference means now. Returns 0 or the failure's code. */
int image_resolve(struct image *image, const struct config *config, const char *text, struct failure *failure);

/*
 * Looks at a pinned file again, as the calling user: it lies where images lie, belongs to the reference's name, and can
 * be read. What a user writes into a pin by hand reaches nothing that the user could not open anyway.
 */
int image_check(const struct image *image, const struct config *config, const char *host, struct failure *failure);

#endif
