#include "programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes a word so that slurmstepd reads it as it is: a backslash takes the meaning from the next character. */
static void put_word(FILE *to, const char *word)
{
    for (; *word != '\0'; word++) {
        if (strchr(" \t\\'\"%#", *word) != NULL) fputc('\\', to);
        fputc(*word, to);
    }
}

char *programs_rewrite(const char *text, const char *program)
{
    char *result = NULL;
    size_t size = 0;
    int goes_on = 0;
    FILE *to = open_memstream(&result, &size);
    if (to == NULL) return NULL;
    while (*text != '\0') {
        size_t length = strcspn(text, "\n"), blanks = strspn(text, " \t"), ranks = strcspn(text + blanks, " \t\n");
        int is_command = !goes_on && ranks > 0 && text[blanks] != '#';
        goes_on = length > 0 && text[length - 1] == '\\';
        if (is_command) {
            fprintf(to, "%.*s ", (int)(blanks + ranks), text);
            put_word(to, program);
            fwrite(text + blanks + ranks, 1, length - blanks - ranks, to);
        } else {
            fwrite(text, 1, length, to);
        }
        fputc('\n', to);
        text += length + (text[length] == '\n');
    }
    if (fclose(to) == 0) return result;
    free(result);
    return NULL;
}

int programs_are(const char *text, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) return 0;
    int c;
    while ((c = fgetc(file)) != EOF && c == (unsigned char)*text) text++;
    fclose(file);
    return c == EOF && *text == '\0';
}
