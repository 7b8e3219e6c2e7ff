#include "toml-text.h"

#include <stdint.h>
#include <string.h>

int peek(const struct reader *r) { return r->at < r->end ? (unsigned char)*r->at : -1; }

int next(struct reader *r)
{
    int c = peek(r);
    if (c < 0) return -1;
    r->at++;
    if (c == '\n') r->line++;
    return c;
}

int starts(const struct reader *r, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(r->end - r->at) >= length && memcmp(r->at, text, length) == 0;
}

void skip_blanks(struct reader *r)
{
    while (peek(r) == ' ' || peek(r) == '\t') r->at++;
}

static void skip_comment(struct reader *r)
{
    if (peek(r) != '#') return;
    while (peek(r) >= 0 && peek(r) != '\n') r->at++;
}

/* Blanks, comments and line breaks, as they may stand between the elements of an array. */
void skip_space(struct reader *r)
{
    for (;;) {
        skip_blanks(r);
        skip_comment(r);
        if (starts(r, "\r\n")) r->at++;
        if (peek(r) != '\n') return;
        next(r);
    }
}

int end_of_line(struct reader *r)
{
    skip_blanks(r);
    skip_comment(r);
    if (starts(r, "\r\n")) r->at++;
    return peek(r) < 0 || next(r) == '\n' ? 0 : -1;
}

int put(struct reader *r, int c)
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

int read_string(struct reader *r)
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

void start_value(struct reader *r)
{
    r->value_length = 0;
    r->value[0] = '\0';
}
