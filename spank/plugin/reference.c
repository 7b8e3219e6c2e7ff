#include "reference.h"

#include <string.h>

static const char lower[] = "abcdefghijklmnopqrstuvwxyz", digits[] = "0123456789";

static int is_path(const char *text) { return text[0] == '/' || strncmp(text, "./", 2) == 0; }

int has_ending(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);
    return length > tail && strcmp(text + length - tail, ending) == 0;
}

int is_bundle(const char *text) { return is_path(text) && !has_ending(text, ".sif"); }

/* [a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])? */
static int is_name(const char *text, size_t length)
{
    if (length == 0 || length > 64 || strchr("._-", text[0]) != NULL || strchr("._-", text[length - 1]) != NULL) return 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\0' || (!strchr(lower, text[i]) && !strchr(digits, text[i]) && !strchr("._-", text[i]))) return 0;
    }
    return 1;
}

/* YYYY-MM-DD.N */
static int is_tag(const char *text)
{
    static const char shape[] = "dddd-dd-dd.";
    size_t i = 0;
    for (; shape[i] != '\0'; i++) {
        if (text[i] == '\0' || (shape[i] == 'd' ? strchr(digits, text[i]) == NULL : text[i] != shape[i])) return 0;
    }
    size_t number = strspn(text + i, digits);
    return number >= 1 && number <= 6 && text[i] != '0' && text[i + number] == '\0';
}

int is_digest(const char *text) { return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64; }

int reference_parse(struct reference *reference, const char *text, struct failure *failure)
{
    *reference = (struct reference){0};
    if (text[0] == '\0') return fail(failure, FAIL_USAGE, "ctmgr list", "--container needs the name of an image");
    if (is_path(text)) {
        if (strlen(text) >= sizeof reference->text) return fail(failure, FAIL_USAGE, "", "the path of the image is too long");
        strcpy(reference->text, text);
        return 0;
    }
    size_t length = strcspn(text, ":@");
    if (!is_name(text, length)) {
        return has_ending(text, ".sif")
                   ? fail(failure, FAIL_USAGE, "./FILE.sif or /PATH/FILE.sif", "the path of an image file begins with / or ./")
                   : fail(failure, FAIL_USAGE, "ctmgr list", "the value of --container is not the name of an image");
    }
    memcpy(reference->name, text, length);
    const char *rest = text + length;
    if (rest[0] == ':') {
        if (!is_tag(rest + 1)) return fail(failure, FAIL_USAGE, "ctmgr list", "a build tag looks like 2026-11-22.1");
        strcpy(reference->tag, rest + 1);
    } else if (rest[0] == '@') {
        if (strncmp(rest, "@sha256:", 8) != 0 || !is_digest(rest + 8))
            return fail(failure, FAIL_USAGE, "ctmgr list", "a digest is sha256: and 64 hexadecimal digits");
        strcpy(reference->sha256, rest + 8);
    }
    strcpy(reference->text, text);
    return 0;
}
