#include "option-values.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "job-variables.h"
#include "mounts.h"

const char *option_flag(const char *value)
{
    if (strcmp(value, "yes") == 0 || strcmp(value, "true") == 0 || strcmp(value, "1") == 0) return "yes";
    return strcmp(value, "no") == 0 || strcmp(value, "false") == 0 || strcmp(value, "0") == 0 ? "no" : NULL;
}

static int check_mounts(const char *value, struct failure *failure)
{
    struct mount mount;
    char *copy = strdup(value), *rest = copy;
    int result = 0;
    if (copy == NULL) return fail(failure, FAIL_UNAVAILABLE, "", "out of memory");
    for (char *entry; result == 0 && value[0] != '\0' && (entry = strsep(&rest, ",")) != NULL;) result = mount_parse(&mount, entry, failure);
    free(copy);
    return result;
}

/* Names of variables with commas between them. */
static int are_names(const char *value)
{
    for (const char *c = value; *c != '\0'; c++) {
        int is_first = c == value || c[-1] == ',';
        if (*c != '_' && *c != ',' && !isalpha((unsigned char)*c) && (is_first || !isdigit((unsigned char)*c))) return 0;
    }
    return 1;
}

int option_value_check(const char *name, const char *variable, const char *value, struct failure *failure)
{
    if (strcmp(variable, JOB_MOUNTS) == 0) return check_mounts(value, failure);
    if (strcmp(variable, JOB_ENV) == 0 && !are_names(value))
        return fail(failure, FAIL_USAGE, "--container-env=NAME,NAME", "%s needs names of variables", name);
    if (strcmp(variable, JOB_GPU) == 0 && strcmp(value, "nvidia") != 0 && strcmp(value, "amd") != 0 && strcmp(value, "none") != 0)
        return fail(failure, FAIL_USAGE, "", "%s is nvidia, amd or none", name);
    if ((strcmp(variable, JOB_HOME) == 0 || strcmp(variable, JOB_WRITABLE) == 0) && option_flag(value) == NULL)
        return fail(failure, FAIL_USAGE, "", "%s is yes or no", name);
    return 0;
}
