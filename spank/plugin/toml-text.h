#ifndef CTMGR_TOML_TEXT_H
#define CTMGR_TOML_TEXT_H

#include <stddef.h>

#include "toml.h"

enum { MAX_PATH = 512, MAX_VALUE = 4096 };

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

/* The next character, or -1 at the end; next() also goes past it. */
int peek(const struct reader *r);
int next(struct reader *r);

int starts(const struct reader *r, const char *text);
void skip_blanks(struct reader *r);

/* Blanks, comments and line breaks, as they may stand between the elements of an array. */
void skip_space(struct reader *r);

/* What may come after a value up to the end of its line; the others return 0 too, or -1 for what is no TOML. */
int end_of_line(struct reader *r);

/* Empties the value, appends a character to it, or a whole string in quotes of any kind. */
void start_value(struct reader *r);
int put(struct reader *r, int c);
int read_string(struct reader *r);

#endif
