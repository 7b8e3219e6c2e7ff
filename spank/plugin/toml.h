#ifndef CTMGR_TOML_H
#define CTMGR_TOML_H

#include <stddef.h>

/* Between the parts of a key's path: names of images have dots in them. */
#define TOML_SEPARATOR "\x1f"

/*
 * Called for each value: its path (tables and key, joined by TOML_SEPARATOR), and its text without quotes. Elements of an
 * array come one by one under the array's path. Returns 0 to go on.
 */
typedef int (*toml_visit)(void *context, const char *path, const char *text, int quoted);

/*
 * Reads as much of TOML 1.0 as a configuration of ctmgr has: tables, dotted and quoted keys, strings of all four kinds,
 * arrays, inline tables, bare values. Arrays of tables are refused. Returns 0, or the number of the line that cannot be
 * read; what `visit` returns other than 0 ends the reading at its line.
 */
int toml_read(const char *text, size_t length, toml_visit visit, void *context);

#endif
