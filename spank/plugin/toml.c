#include "toml.h"

#include <stdint.h>
#include <string.h>

enum { MAX_PATH = 512, MAX_VALUE = 4096, MAX_DEPTH = 16 };

struct reader {
    const char *at, *end;
    int line;
    toml_visit visit;
    void *context;
    char path[MAX_PATH];
    size_t path_length;
    char value[MAX_VALUE];
    size_t value_length;
};

static int peek(const struct reader *r) { return r->at < r->end ? (unsigned char)*r->at : -1; }

static int next(struct reader *r)
{
    int c = peek(r);
    if (c < 0) return -1;
    r->at++;
    if (c == '\n') r->line++;
    return c;
}

static int starts(const struct reader *r, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(r->end - r->at) >= length && memcmp(r->at, text, length) == 0;
}

static void skip_blanks(struct reader *r)
{
    while (peek(r) == ' ' || peek(r) == '\t') r->at++;
}

static void skip_comment(struct reader *r)
{
    if (peek(r) != '#') return;
    while (peek(r) >= 0 && peek(r) != '\n') r->at++;
}

/* Blanks, comments and line breaks, as they may stand between the elements of an array. */
static void skip_space(struct reader *r)
{
    for (;;) {
        skip_blanks(r);
        skip_comment(r);
        if (starts(r, "\r\n")) r->at++;
        if (peek(r) != '\n') return;
        next(r);
    }
}

static int end_of_line(struct reader *r)
{
    skip_blanks(r);
    skip_comment(r);
    if (starts(r, "\r\n")) r->at++;
    return peek(r) < 0 || next(r) == '\n' ? 0 : -1;
}

static int put(struct reader *r, int c)
{
    if (c < 0 || c == 0 || r->value_length + 1 >= sizeof r->value) return -1;
    r->value[r->value_length++] = (char)c;
    r->value[r->value_length] = '\0';
    return 0;
}

static int put_code_point(struct reader *r, int digits)
{
    uint32_t code = 0;
    while (digits-- > 0) {
        int c = next(r);
        if (c >= '0' && c <= '9') code = code * 16 + (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f') code = code * 16 + (uint32_t)(c - 'a' + 10);
        else if (c >= 'A' && c <= 'F') code = code * 16 + (uint32_t)(c - 'A' + 10);
        else return -1;
    }
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return -1;
    if (code < 0x80) return put(r, (int)code);
    if (code < 0x800) return put(r, (int)(0xc0 | code >> 6)) || put(r, (int)(0x80 | (code & 0x3f)));
    if (code < 0x10000)
        return put(r, (int)(0xe0 | code >> 12)) || put(r, (int)(0x80 | (code >> 6 & 0x3f))) || put(r, (int)(0x80 | (code & 0x3f)));
    return put(r, (int)(0xf0 | code >> 18)) || put(r, (int)(0x80 | (code >> 12 & 0x3f))) ||
           put(r, (int)(0x80 | (code >> 6 & 0x3f))) || put(r, (int)(0x80 | (code & 0x3f)));
}

static int read_escape(struct reader *r, int multi_line)
{
    int c = next(r);
    switch (c) {
    case 'b': return put(r, '\b');
    case 't': return put(r, '\t');
    case 'n': return put(r, '\n');
    case 'f': return put(r, '\f');
    case 'r': return put(r, '\r');
    case '"':
    case '\\': return put(r, c);
    case 'u': return put_code_point(r, 4);
    case 'U': return put_code_point(r, 8);
    default: break;
    }
    if (!multi_line || (c != '\n' && c != ' ' && c != '\t' && c != '\r')) return -1;
    /* A backslash at the end of a line takes the white space up to the next word with it. */
    while (peek(r) == ' ' || peek(r) == '\t' || peek(r) == '\n' || peek(r) == '\r') next(r);
    return 0;
}

static int read_string(struct reader *r)
{
    int quote = next(r), multi_line = 0;
    const char *three = quote == '"' ? "\"\"\"" : "'''";
    r->at--;
    if (starts(r, three)) {
        multi_line = 1;
        r->at += 3;
        if (starts(r, "\r\n")) r->at++;
        if (peek(r) == '\n') next(r);
    } else {
        r->at++;
    }
    for (;;) {
        if (multi_line && starts(r, three)) {
            r->at += 3;
            /* Up to two quotes may stand right before the three that end it. */
            while (peek(r) == quote) {
                if (put(r, next(r))) return -1;
            }
            return 0;
        }
        int c = next(r);
        if (c < 0 || (!multi_line && c == '\n')) return -1;
        if (!multi_line && c == quote) return 0;
        if (quote == '"' && c == '\\' ? read_escape(r, multi_line) : put(r, c)) return -1;
    }
}

static int is_bare(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static void start_value(struct reader *r)
{
    r->value_length = 0;
    r->value[0] = '\0';
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
