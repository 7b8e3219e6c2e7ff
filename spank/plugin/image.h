#ifndef CTMGR_IMAGE_H
#define CTMGR_IMAGE_H

#include "config.h"

/* NAME, NAME:TAG or NAME@sha256:HEX taken apart. A user's own file has no name and its path as `text`. */
struct reference {
    char text[PATH_MAX];
    char name[65];
    char tag[24];
    char sha256[65];
};

/* An exact file: what a reference meant when the job was submitted. */
struct image {
    struct reference reference;
    char path[PATH_MAX];
    char sha256[65]; /* empty if the catalogue does not tell */
};

/* True for values of --container that are Slurm's own business: paths, unless of an image file, which is no bundle. */
int is_bundle(const char *text);

/* Takes a reference apart. Returns 0 or the failure's code. */
int reference_parse(struct reference *reference, const char *text, struct failure *failure);

/* The exact, readable file that a reference means now. Returns 0 or the failure's code. */
int image_resolve(struct image *image, const struct config *config, const char *text, struct failure *failure);

/*
 * Looks at a pinned file again, as the calling user: it lies where images lie, belongs to the reference's name, and can
 * be read. What a user writes into a pin by hand reaches nothing that the user could not open anyway.
 */
int image_check(const struct image *image, const struct config *config, const char *host, struct failure *failure);

/* A pin is one line of text, `REFERENCE SHA256 PATH`, with `-` for an unknown digest. */
int pin_format(char *text, size_t size, const struct image *image);
int pin_parse(struct image *image, const char *text, struct failure *failure);

#endif
