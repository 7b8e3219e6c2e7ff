#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalogue.h"

/* The rest of `path` below one of the share's folders for images, or NULL. `share` is an absolute path without links. */
static const char *below_images(const char *path, const char *share)
{
    size_t length = strlen(share);
    if (strncmp(path, share, length) != 0) return NULL;
    const char *rest = path + length, *inner = rest;
    if (strncmp(rest, "/private/", 9) == 0) inner = rest + 9 + strcspn(rest + 9, "/");
    return strncmp(inner, "/builds/", 8) == 0 ? rest : NULL;
}

/* Why a file cannot be opened, in words for its user. */
static int explain(const struct image *image, const struct config *config, const char *host, int error, struct failure *failure)
{
    char folder[PATH_MAX + 16], where[128] = "";
    const char *name = image->reference.text;
    struct stat status;
    if (host != NULL) snprintf(where, sizeof where, " on node %s", host);
    if (error == EACCES || error == EPERM) return fail(failure, FAIL_DENIED, "ctmgr list", "image %s is not available to you%s", name, where);
    snprintf(folder, sizeof folder, "%s/builds", config->share);
    if (image->reference.name[0] != '\0' && stat(folder, &status) != 0)
        return errno == EACCES
                   ? fail(failure, FAIL_DENIED, "", "the images in %s are not available to you%s", config->share, where)
                   : fail(failure, FAIL_UNAVAILABLE, "tell the admins of ctmgr", "there are no images in %s%s: is the file system mounted?",
                          config->share, host != NULL ? where : " on this machine");
    if (error == ENOENT || error == ENOTDIR)
        return fail(failure, FAIL_UNAVAILABLE, "submit again: ctmgr list", "the file of image %s is gone%s: %s", name, where, image->path);
    return fail(failure, FAIL_UNAVAILABLE, "tell the admins of ctmgr", "cannot read image %s%s: %s", name, where, strerror(error));
}

/* A regular file that the caller can open. */
static int check_readable(const struct image *image, const struct config *config, const char *host, struct failure *failure)
{
    struct stat status;
    int file = open(image->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) return explain(image, config, host, errno, failure);
    int result = fstat(file, &status);
    close(file);
    if (result != 0) return explain(image, config, host, errno, failure);
    return S_ISREG(status.st_mode) ? 0 : fail(failure, FAIL_UNAVAILABLE, "", "image %s is no file: %s", image->reference.text, image->path);
}

/* The file itself, without links, as a path below the share as config.toml writes it. */
static int follow(struct image *image, const struct config *config, const char *link, struct failure *failure)
{
    char share[PATH_MAX], file[PATH_MAX];
    if (strlen(link) >= sizeof image->path) return fail(failure, FAIL_UNAVAILABLE, "", "the path of the image is too long");
    strcpy(image->path, link);
    if (realpath(config->share, share) == NULL || realpath(link, file) == NULL) return explain(image, config, NULL, errno, failure);
    const char *rest = below_images(file, share);
    if (rest == NULL)
        return fail(failure, FAIL_UNAVAILABLE, "tell the admins of ctmgr", "image %s points out of %s", image->reference.text, config->share);
    int length = snprintf(image->path, sizeof image->path, "%s%s", config->share, rest);
    if (length < 0 || (size_t)length >= sizeof image->path) return fail(failure, FAIL_UNAVAILABLE, "", "the path of the image is too long");
    return check_readable(image, config, NULL, failure);
}

/*
 * Calls `look` for each place that has images for the caller: the share itself, then private/GROUP, with the same layout, for
 * each of the caller's groups. Returns what `look` says other than 1, which is "not here".
 */
static int each_place(struct image *image, const struct config *config, struct failure *failure,
                      int (*look)(struct image *, const struct config *, const char *, struct failure *))
{
    char place[PATH_MAX + 300];
    gid_t groups[NGROUPS_MAX + 1];
    struct stat status;
    snprintf(place, sizeof place, "%s", config->share);
    int result = look(image, config, place, failure);
    if (result != 1) return result;
    int count = getgroups(NGROUPS_MAX, groups);
    if (count < 0) count = 0;
    groups[count++] = getegid();
    for (int i = 0; i < count; i++) {
        const struct group *group = getgrgid(groups[i]);
        if (group == NULL || group->gr_name[0] == '.' || strchr(group->gr_name, '/') != NULL || strlen(group->gr_name) > 256) continue;
        snprintf(place, sizeof place, "%s/private/%s/current", config->share, group->gr_name);
        if (stat(place, &status) != 0 || !S_ISDIR(status.st_mode)) continue;
        *strrchr(place, '/') = '\0';
        result = look(image, config, place, failure);
        if (result != 1) return result;
    }
    /* What others may read is not told from what does not exist. */
    return fail(failure, FAIL_MISSING, "ctmgr list", "there is no image %s, or it is not available to you", image->reference.text);
}

static int look_current(struct image *image, const struct config *config, const char *place, struct failure *failure)
{
    char link[PATH_MAX + 400];
    struct stat status;
    snprintf(link, sizeof link, "%s/current/%s.sif", place, image->reference.name);
    if (lstat(link, &status) != 0 || !S_ISLNK(status.st_mode)) return 1;
    int result = follow(image, config, link, failure);
    if (result != 0) return result;
    /* The link is the truth; a catalogue that is late or unreadable only leaves the digest unknown. */
    struct failure ignored;
    if (catalogue_find(image, place, &ignored) != 0) image->sha256[0] = '\0';
    return 0;
}

static int resolve_current(struct image *image, const struct config *config, struct failure *failure)
{
    snprintf(image->path, sizeof image->path, "%.4000s/current", config->share);
    if (access(image->path, X_OK) != 0) return explain(image, config, NULL, errno, failure);
    image->path[0] = '\0';
    return each_place(image, config, failure, look_current);
}

/* The catalogue lists the newest builds of each name; older ones are found by their tag. */
static int look_exact(struct image *image, const struct config *config, const char *place, struct failure *failure)
{
    char file[PATH_MAX + 400];
    struct stat status;
    image->path[0] = '\0';
    int result = catalogue_find(image, place, failure);
    if (result == 0) {
        strcpy(file, image->path);
        return follow(image, config, file, failure);
    }
    if (result != 1 && strcmp(place, config->share) == 0) return result;
    if (image->reference.tag[0] == '\0') return 1;
    snprintf(file, sizeof file, "%s/builds/%s/%s.sif", place, image->reference.tag, image->reference.name);
    if (stat(file, &status) != 0 || !S_ISREG(status.st_mode) || access(file, R_OK) != 0) return 1;
    return follow(image, config, file, failure);
}

static int resolve_exact(struct image *image, const struct config *config, struct failure *failure)
{
    struct stat status;
    if (stat(config->share, &status) != 0) return explain(image, config, NULL, ENOENT, failure);
    return each_place(image, config, failure, look_exact);
}

int image_resolve(struct image *image, const struct config *config, const char *text, struct failure *failure)
{
    *image = (struct image){0};
    int result = reference_parse(&image->reference, text, failure);
    if (result != 0) return result;
    if (image->reference.name[0] == '\0') {
        if (!config->user_images) return fail(failure, FAIL_USAGE, "ctmgr list", "image files of one's own are not allowed here");
        strcpy(image->path, text);
        if (realpath(text, image->path) == NULL) {
            int error = errno;
            strcpy(image->path, text);
            return explain(image, config, NULL, error, failure);
        }
        strcpy(image->reference.text, image->path);
        return check_readable(image, config, NULL, failure);
    }
    return image->reference.tag[0] == '\0' && image->reference.sha256[0] == '\0' ? resolve_current(image, config, failure)
                                                                                 : resolve_exact(image, config, failure);
}

int image_check(const struct image *image, const struct config *config, const char *host, struct failure *failure)
{
    char share[PATH_MAX], file[PATH_MAX], ending[80];
    if (image->reference.name[0] == '\0') {
        if (!config->user_images || strcmp(image->reference.text, image->path) != 0)
            return fail(failure, FAIL_DENIED, "ctmgr list", "image files of one's own are not allowed here");
        return check_readable(image, config, host, failure);
    }
    snprintf(ending, sizeof ending, "/%s.sif", image->reference.name);
    if (realpath(config->share, share) == NULL || realpath(image->path, file) == NULL)
        return explain(image, config, host, errno, failure);
    if (below_images(file, share) == NULL || below_images(image->path, config->share) == NULL || !has_ending(file, ending))
        return fail(failure, FAIL_DENIED, "submit again", "the pinned file is not one of image %s", image->reference.text);
    return check_readable(image, config, host, failure);
}
