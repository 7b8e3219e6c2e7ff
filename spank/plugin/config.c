#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "toml.h"

#define IN_TABLE(table, key) table TOML_SEPARATOR key

enum { MAX_CONFIG = 1 << 20, MAX_WORDS = 1024 };

struct loading {
    struct config *config;
    char image_table[256]; /* path of the table of the image asked for, with the separator at its end */
    struct word_list image_binds, image_environment, image_arguments;
    char image_gpu[8];
};

static int add_word(struct word_list *list, const char *word)
{
    if (list->count >= MAX_WORDS) return -1;
    char **words = realloc(list->words, (list->count + 1) * sizeof *words);
    if (words == NULL) return -1;
    list->words = words;
    words[list->count] = strdup(word);
    return words[list->count] == NULL ? -1 : (list->count++, 0);
}

static void free_words(struct word_list *list)
{
    for (size_t i = 0; i < list->count; i++) free(list->words[i]);
    free(list->words);
    *list = (struct word_list){0};
}

static int set_text(char *to, size_t size, const char *text, int quoted)
{
    if (!quoted || strlen(text) >= size) return -1;
    strcpy(to, text);
    return 0;
}

static int set_path(char *to, const char *text, int quoted)
{
    return text[0] == '/' ? set_text(to, PATH_MAX, text, quoted) : -1;
}

static int set_flag(int *flag, const char *text, int quoted)
{
    if (quoted || (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)) return -1;
    *flag = text[0] == 't';
    return 0;
}

static int set_gpu(char *gpu, const char *text, int quoted)
{
    static const char *const known[] = {"auto", "nvidia", "amd", "none"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(text, known[i]) == 0) return set_text(gpu, sizeof ((struct config *)0)->gpu, text, quoted);
    }
    return -1;
}

/* NAME = "value" of a table of variables. */
static int add_variable(struct word_list *list, const char *name, const char *text, int quoted)
{
    char word[8192];
    for (const char *c = name; *c != '\0'; c++) {
        int letter = (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || *c == '_';
        if (!letter && (c == name || *c < '0' || *c > '9')) return -1;
    }
    int length = snprintf(word, sizeof word, "%s=%s", name, text);
    return !quoted || *name == '\0' || length < 0 || (size_t)length >= sizeof word ? -1 : add_word(list, word);
}

/* What may stand both in [containers] and in a table of one image. Returns 1 for any other key. */
static int visit_shared(const char *key, const char *text, int quoted, struct word_list *binds,
                        struct word_list *environment, struct word_list *arguments, char *gpu)
{
    static const char variables[] = IN_TABLE("environment", "");
    if (strcmp(key, "binds") == 0) return quoted ? add_word(binds, text) : -1;
    if (strcmp(key, "arguments") == 0) return quoted ? add_word(arguments, text) : -1;
    if (strcmp(key, "gpu") == 0) return set_gpu(gpu, text, quoted);
    if (strncmp(key, variables, strlen(variables)) == 0)
        return add_variable(environment, key + strlen(variables), text, quoted);
    return 1;
}

static int visit(void *context, const char *path, const char *text, int quoted)
{
    static const char containers[] = IN_TABLE("containers", "");
    struct loading *l = context;
    struct config *c = l->config;
    if (strcmp(path, IN_TABLE("paths", "share")) == 0) return set_path(c->share, text, quoted);
    if (strcmp(path, IN_TABLE("apptainer", "path")) == 0) return set_path(c->apptainer, text, quoted);
    if (strncmp(path, containers, strlen(containers)) != 0) return 0;
    const char *key = path + strlen(containers);
    if (strcmp(key, "user_images") == 0) return set_flag(&c->user_images, text, quoted);
    if (strcmp(key, "mount_home") == 0) return set_flag(&c->mount_home, text, quoted);
    if (strcmp(key, "batch_script") == 0) {
        c->batch_inside = strcmp(text, "inside") == 0;
        return c->batch_inside || strcmp(text, "host") == 0 ? 0 : -1;
    }
    int result = visit_shared(key, text, quoted, &c->binds, &c->environment, &c->arguments, c->gpu);
    if (result != 1) return result;
    if (l->image_table[0] == '\0' || strncmp(path, l->image_table, strlen(l->image_table)) != 0) return 0;
    result = visit_shared(path + strlen(l->image_table), text, quoted, &l->image_binds, &l->image_environment,
                          &l->image_arguments, l->image_gpu);
    return result == 1 ? 0 : result;
}

static void replace_words(struct word_list *general, struct word_list *own)
{
    if (own->count == 0) return;
    free_words(general);
    *general = *own;
    *own = (struct word_list){0};
}

/* The image's own words take the place of the general ones; its variables are added to them. */
static int apply_image(struct loading *l)
{
    replace_words(&l->config->binds, &l->image_binds);
    replace_words(&l->config->arguments, &l->image_arguments);
    int result = 0;
    for (size_t i = 0; i < l->image_environment.count && result == 0; i++)
        result = add_word(&l->config->environment, l->image_environment.words[i]);
    free_words(&l->image_environment);
    if (l->image_gpu[0] != '\0') strcpy(l->config->gpu, l->image_gpu);
    return result;
}

int open_trusted(const char *path, uid_t owner, size_t *size)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) return -1;
    if (fstat(file, &status) == 0) {
        int trusted = (status.st_uid == 0 || status.st_uid == owner) && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
        if (S_ISREG(status.st_mode) && trusted) {
            *size = (size_t)status.st_size;
            return file;
        }
        errno = EPERM;
    }
    int saved = errno;
    close(file);
    errno = saved;
    return -1;
}

static char *read_all(int file, size_t size)
{
    char *text = malloc(size + 1);
    size_t done = 0;
    while (text != NULL && done < size) {
        ssize_t count = read(file, text + done, size - done);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            free(text);
            return NULL;
        }
        done += (size_t)count;
    }
    return text;
}

int config_load(struct config *config, const char *path, const char *image, struct failure *failure)
{
    *config = (struct config){.share = "/srv/ctmgr", .apptainer = "/usr/bin/apptainer", .mount_home = 1, .gpu = "auto"};
    struct loading loading = {.config = config};
    if (image != NULL)
        snprintf(loading.image_table, sizeof loading.image_table,
                 IN_TABLE("containers", IN_TABLE("images", "%s")) TOML_SEPARATOR, image);
    size_t size = 0;
    int file = open_trusted(path, 0, &size);
    if (file < 0) {
        if (errno == ENOENT) return 0;
        return errno == EPERM
                   ? fail(failure, FAIL_CONFIGURATION, "tell the admins: chown root, chmod 644", "%s does not belong to root alone", path)
                   : fail(failure, FAIL_CONFIGURATION, "tell the admins: everybody has to be able to read it", "cannot read %s: %s", path, strerror(errno));
    }
    char *text = size > MAX_CONFIG ? NULL : read_all(file, size);
    close(file);
    int line = text == NULL ? -1 : toml_read(text, size, visit, &loading);
    free(text);
    if (line == 0 && apply_image(&loading) != 0) line = -1;
    free_words(&loading.image_binds);
    free_words(&loading.image_environment);
    free_words(&loading.image_arguments);
    if (line == 0) return 0;
    config_free(config);
    return line < 0 ? fail(failure, FAIL_CONFIGURATION, "tell the admins: ctmgr config", "cannot read %s", path)
                    : fail(failure, FAIL_CONFIGURATION, "tell the admins: ctmgr config", "%s: cannot read line %d", path, line);
}

void config_free(struct config *config)
{
    free_words(&config->binds);
    free_words(&config->environment);
    free_words(&config->arguments);
}
