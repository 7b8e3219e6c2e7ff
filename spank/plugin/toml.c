#include "toml.h"

#include <string.h>

#include "toml-text.h"

enum { MAX_DEPTH = 16 };

static int is_bare(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* Appends a key, perhaps a dotted one, to the path. */
static int read_key(struct reader *r)
{
    for (;;) {
        skip_blanks(r);
        start_value(r);
        if (peek(r) == '"' || peek(r) == '\'') {
            if (read_string(r)) return -1;
        } else {
            while (is_bare(peek(r))) {
                if (put(r, next(r))) return -1;
            }
            if (r->value_length == 0) return -1;
        }
        if (memchr(r->value, TOML_SEPARATOR[0], r->value_length) != NULL) return -1;
        if (r->path_length + 1 + r->value_length + 1 > sizeof r->path) return -1;
        if (r->path_length > 0) r->path[r->path_length++] = TOML_SEPARATOR[0];
        memcpy(r->path + r->path_length, r->value, r->value_length + 1);
        r->path_length += r->value_length;
        skip_blanks(r);
        if (peek(r) != '.') return 0;
        r->at++;
    }
}

static void cut_path(struct reader *r, size_t length)
{
    r->path_length = length;
    r->path[length] = '\0';
}

static int read_value(struct reader *r, int depth);

static int read_pair(struct reader *r, int depth)
{
    size_t before = r->path_length;
    if (read_key(r) || next(r) != '=') return -1;
    skip_blanks(r);
    if (read_value(r, depth)) return -1;
    cut_path(r, before);
    return 0;
}

static int read_array(struct reader *r, int depth)
{
    for (;;) {
        skip_space(r);
        if (peek(r) == ']') return next(r) < 0;
        if (read_value(r, depth + 1)) return -1;
        skip_space(r);
        if (peek(r) == ',') r->at++;
        else if (peek(r) != ']') return -1;
    }
}

static int read_inline_table(struct reader *r, int depth)
{
    skip_blanks(r);
    if (peek(r) == '}') return next(r) < 0;
    for (;;) {
        if (read_pair(r, depth + 1)) return -1;
        skip_blanks(r);
        int c = next(r);
        if (c == '}') return 0;
        if (c != ',') return -1;
    }
}

static int read_value(struct reader *r, int depth)
{
    if (depth > MAX_DEPTH) return -1;
    start_value(r);
    switch (peek(r)) {
    case '[': r->at++; return read_array(r, depth);
    case '{': r->at++; return read_inline_table(r, depth);
    case '"':
    case '\'': return read_string(r) || r->visit(r->context, r->path, r->value, 1);
    default: break;
    }
    while (is_bare(peek(r)) || peek(r) == '+' || peek(r) == '.' || peek(r) == ':') {
        if (put(r, next(r))) return -1;
    }
    return r->value_length == 0 || r->visit(r->context, r->path, r->value, 0);
}

int toml_read(const char *text, size_t length, toml_visit visit, void *context)
{
    struct reader r = {.at = text, .end = text + length, .line = 1, .visit = visit, .context = context};
    if (starts(&r, "\xef\xbb\xbf")) r.at += 3;
    size_t table = 0;
    for (;;) {
        skip_space(&r);
        if (peek(&r) < 0) return 0;
        int line = r.line;
        if (peek(&r) == '[') {
            r.at++;
            cut_path(&r, 0);
            if (peek(&r) == '[' || read_key(&r) || next(&r) != ']') return line;
            table = r.path_length;
        } else {
            cut_path(&r, table);
            if (read_pair(&r, 0)) return line;
        }
        if (end_of_line(&r)) return line;
    }
}
