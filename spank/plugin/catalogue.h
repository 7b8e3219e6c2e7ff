#ifndef CTMGR_CATALOGUE_H
#define CTMGR_CATALOGUE_H

#include "image.h"

/*
 * Finds the line of an image in the catalog.json of a place (image.c): by tag or digest if the reference has one, else by `image->path`; fills in what
 * is missing of path and digest. The catalogue has one image a line, by name, so that the search looks at a few lines
 * only. Returns 0, 1 if there is no such line, or the failure's code.
 */
int catalogue_find(struct image *image, const char *place, struct failure *failure);

#endif
