#include "job-variables.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* SLURM_CTMGR_..._NUMBER= */
static int is_numbered(const char *entry)
{
    static const char prefix[] = "SLURM_CTMGR_";
    size_t length = strcspn(entry, "="), end = length;
    if (strncmp(entry, prefix, strlen(prefix)) != 0) return 0;
    while (isdigit((unsigned char)entry[end - 1])) end--;
    return end < length && entry[end - 1] == '_';
}

void forget_components(void)
{
    unsetenv(TASK_COMPONENTS);
    for (char **entry = environ; *entry != NULL;) {
        char name[64];
        size_t length = strcspn(*entry, "=");
        if (length < sizeof name && is_numbered(*entry)) {
            snprintf(name, sizeof name, "%.*s", (int)length, *entry);
            unsetenv(name);
            entry = environ;
        } else {
            entry++;
        }
    }
}
