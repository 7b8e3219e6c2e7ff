#ifndef CTMGR_OPTION_VALUES_H
#define CTMGR_OPTION_VALUES_H

#include "failure.h"

/*
 * Whether the value of a --container-... option, or of its fall-back in the environment, makes sense, so that a job does not wait for a
 * node to find out. `name` stands for it in the message, `variable` is one of JOB_... Returns 0, or the code of the failure.
 */
int option_value_check(const char *name, const char *variable, const char *value, struct failure *failure);

/* yes, no, or NULL for what is neither (true, 1, false, 0 are). */
const char *option_flag(const char *value);

#endif
