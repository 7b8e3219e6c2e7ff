#include "mounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int take_path(char *to, const char *from, size_t length, const char *entry, struct failure *failure)
{
    if (length == 0 || length >= PATH_MAX || from[0] != '/')
        return fail(failure, FAIL_USAGE, "--container-mounts=/SRC[:/DST[:ro]]", "%s: a mount needs absolute paths", entry);
    memcpy(to, from, length);
    to[length] = '\0';
    return 0;
}

static int take_flags(struct mount *mount, const char *flags, const char *entry, struct failure *failure)
{
    static const char *const accepted[] = {"rw", "rbind", "bind", "rprivate", "private", "x-create=auto", "x-create=dir", "x-create=file"};
    while (*flags != '\0') {
        size_t length = strcspn(flags, "+");
        int known = length == 2 && strncmp(flags, "ro", 2) == 0;
        mount->read_only |= known;
        for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++)
            known |= strlen(accepted[i]) == length && strncmp(flags, accepted[i], length) == 0;
        if (!known) return fail(failure, FAIL_USAGE, "ro or rw", "%s: this flag of a mount is not known", entry);
        flags += length + (flags[length] == '+');
    }
    return 0;
}

int mount_parse(struct mount *mount, const char *entry, struct failure *failure)
{
    *mount = (struct mount){0};
    const char *first = strchr(entry, ':'), *second = first == NULL ? NULL : strchr(first + 1, ':');
    size_t source = first == NULL ? strlen(entry) : (size_t)(first - entry);
    if (source == 5 && strncmp(entry, "tmpfs", 5) == 0) mount->scratch = 1;
    else if (take_path(mount->source, entry, source, entry, failure) != 0) return failure->code;
    if (first == NULL) {
        if (mount->scratch) return fail(failure, FAIL_USAGE, "tmpfs:/DST", "tmpfs needs a place in the container");
        strcpy(mount->destination, mount->source);
        return 0;
    }
    size_t length = second == NULL ? strlen(first + 1) : (size_t)(second - first - 1);
    if (take_path(mount->destination, first + 1, length, entry, failure) != 0) return failure->code;
    return second == NULL ? 0 : take_flags(mount, second + 1, entry, failure);
}

static size_t put(char *text, size_t size, size_t at, const char *key, const char *value)
{
    if (at < size) at += (size_t)snprintf(text + at, size - at, ",\"%s=", key);
    for (; *value != '\0'; value++) {
        if (*value == '"' && at + 1 < size) text[at++] = '"';
        if (at + 1 < size) text[at] = *value;
        at++;
    }
    if (at + 1 < size) text[at] = '"';
    return at + 1;
}

int mount_format(char *text, size_t size, const char *source, const char *destination, int read_only, struct failure *failure)
{
    size_t at = (size_t)snprintf(text, size, "type=bind");
    at = put(text, size, at, "source", source);
    at = put(text, size, at, "destination", destination);
    if (read_only && at < size) at += (size_t)snprintf(text + at, size - at, ",ro");
    if (at >= size) return fail(failure, FAIL_USAGE, "", "the paths of a mount are too long");
    text[at] = '\0';
    return 0;
}
