#include "pin.h"

#include <stdio.h>
#include <string.h>

int pin_format(char *text, size_t size, const struct image *image)
{
    const char *sha256 = image->sha256[0] == '\0' ? "-" : image->sha256;
    /* A user's own file is its path twice; the first one would have to be cut at its blanks. */
    const char *reference = image->reference.name[0] == '\0' ? "/" : image->reference.text;
    int length = snprintf(text, size, "%s %s %s", reference, sha256, image->path);
    return length < 0 || (size_t)length >= size ? -1 : 0;
}

int pin_parse(struct image *image, const char *text, struct failure *failure)
{
    char reference[160];
    *image = (struct image){0};
    size_t first = strcspn(text, " ");
    const char *sha256 = text[first] == ' ' ? text + first + 1 : "";
    size_t second = strcspn(sha256, " ");
    const char *path = sha256[second] == ' ' ? sha256 + second + 1 : "";
    if (first < sizeof reference && path[0] == '/' && strlen(path) < sizeof image->path) {
        memcpy(reference, text, first);
        reference[first] = '\0';
        int own = strcmp(reference, "/") == 0;
        int unknown = second == 1 && sha256[0] == '-';
        memcpy(image->sha256, sha256, second < 64 ? second : 64);
        if ((unknown || (second == 64 && is_digest(image->sha256))) &&
            reference_parse(&image->reference, own ? path : reference, failure) == 0 && (own || image->reference.name[0] != '\0')) {
            if (unknown) image->sha256[0] = '\0';
            strcpy(image->path, path);
            return 0;
        }
    }
    return fail(failure, FAIL_DENIED, "submit again", "SLURM_CTMGR_PIN does not name an image");
}
