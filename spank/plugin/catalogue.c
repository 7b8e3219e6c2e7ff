#include "catalogue.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct line {
    const char *start, *end;
};

struct field {
    const char *text;
    size_t length;
};

static struct line line_at(const char *start, const char *limit)
{
    const char *end = start < limit ? memchr(start, '\n', (size_t)(limit - start)) : NULL;
    return (struct line){start, end == NULL ? limit : end};
}

/* Takes `literal` off the line's beginning. */
static int take(struct line *line, const char *literal)
{
    size_t length = strlen(literal);
    if ((size_t)(line->end - line->start) < length || memcmp(line->start, literal, length) != 0) return 0;
    line->start += length;
    return 1;
}

/* Takes a JSON string without escapes up to its closing quote. */
static int take_text(struct line *line, struct field *field)
{
    if (!take(line, "\"")) return 0;
    field->text = line->start;
    while (line->start < line->end && *line->start != '"' && *line->start != '\\') line->start++;
    field->length = (size_t)(line->start - field->text);
    return take(line, "\"");
}

static int equals(const struct field *field, const char *text)
{
    return strlen(text) == field->length && memcmp(field->text, text, field->length) == 0;
}

/*
 * Where a line stands to those of `name`: less than, equal to, or greater than 0. All that comes before the images is less,
 * all that comes after them is greater (lib/builds/catalogue-format.ts).
 */
static int compare(struct line line, const char *name)
{
    struct line head = line;
    if (head.start < head.end && *head.start == '{') return -1;
    if (take(&head, "  \"schema\"") || take(&head, "  \"generated\"") || take(&head, "  \"images\"")) return -1;
    struct field found;
    if (!take(&line, "    {\"name\":") || !take_text(&line, &found) || !take(&line, ",\"tag\":")) return 1;
    size_t length = strlen(name), shorter = length < found.length ? length : found.length;
    int order = memcmp(found.text, name, shorter);
    if (order != 0) return order;
    return (found.length > length) - (found.length < length);
}

/* True if the line is the one that is looked for; then path and digest are filled in. */
static int match(struct line line, struct image *image)
{
    const struct reference *wanted = &image->reference;
    struct field name, tag, sha256, file;
    if (!take(&line, "    {\"name\":") || !take_text(&line, &name) || !equals(&name, wanted->name)) return 0;
    if (!take(&line, ",\"tag\":") || !take_text(&line, &tag)) return 0;
    if (!take(&line, ",\"sha256\":") || !take_text(&line, &sha256) || sha256.length != 64) return 0;
    if (!take(&line, ",\"file\":") || !take_text(&line, &file) || file.length >= sizeof image->path) return 0;
    if (!take(&line, ",\"status\":\"success\"")) return 0;
    if (wanted->tag[0] != '\0' && !equals(&tag, wanted->tag)) return 0;
    if (wanted->sha256[0] != '\0' && !equals(&sha256, wanted->sha256)) return 0;
    if (image->path[0] != '\0' && !equals(&file, image->path)) return 0;
    memcpy(image->path, file.text, file.length);
    image->path[file.length] = '\0';
    memcpy(image->sha256, sha256.text, sha256.length);
    image->sha256[sha256.length] = '\0';
    return 1;
}

static int search(const char *text, size_t size, struct image *image)
{
    const char *end = text + size, *low = text, *high = end;
    /* Lines that begin before `low` are less than the name; those that begin at or after `high` are not. */
    while (low < high) {
        const char *middle = low + (high - low) / 2;
        while (middle > low && middle[-1] != '\n') middle--;
        struct line line = line_at(middle, end);
        if (compare(line, image->reference.name) < 0) low = line.end < end ? line.end + 1 : end;
        else high = middle;
    }
    for (struct line line = line_at(low, end); line.start < end; line = line_at(line.end + 1, end)) {
        if (compare(line, image->reference.name) != 0) break;
        if (match(line, image)) return 1;
        if (line.end >= end) break;
    }
    /* A catalogue of an older ctmgr is in another order. */
    for (struct line line = line_at(text, end); line.start < end; line = line_at(line.end + 1, end)) {
        if (match(line, image)) return 1;
        if (line.end >= end) break;
    }
    return 0;
}

int catalogue_find(struct image *image, const char *place, struct failure *failure)
{
    char path[PATH_MAX + 16];
    struct stat folder;
    size_t size = 0;
    snprintf(path, sizeof path, "%s/catalog.json", place);
    int file = stat(place, &folder) == 0 ? open_trusted(path, folder.st_uid, &size) : -1;
    if (file < 0) {
        return errno == EPERM
                   ? fail(failure, FAIL_UNAVAILABLE, "tell the admins of ctmgr", "others than its owner may write %s", path)
                   : fail(failure, FAIL_UNAVAILABLE, "ls -l the file", "cannot read %s: %s", path, strerror(errno));
    }
    char *text = size == 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (text == MAP_FAILED) return 1;
    int found = search(text, size, image);
    munmap(text, size);
    return found ? 0 : 1;
}
