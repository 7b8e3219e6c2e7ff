#ifndef CTMGR_PIN_H
#define CTMGR_PIN_H

#include "image.h"

/* A pin is one line of text, `REFERENCE SHA256 PATH`, with `-` for an unknown digest. */
int pin_format(char *text, size_t size, const struct image *image);
int pin_parse(struct image *image, const char *text, struct failure *failure);

#endif
