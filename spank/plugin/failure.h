#ifndef CTMGR_FAILURE_H
#define CTMGR_FAILURE_H

/* Exit codes of ctmgr (README.md, "Exit codes"). */
enum { FAIL_USAGE = 64, FAIL_MISSING = 66, FAIL_UNAVAILABLE = 69, FAIL_DENIED = 77, FAIL_CONFIGURATION = 78 };

/* Why something does not work, and what to do about it. */
struct failure {
    int code;
    char message[512];
    char hint[128];
};

/* Fills in a failure (what does not fit is cut, control characters become `?`) and returns its code. */
int fail(struct failure *failure, int code, const char *hint, const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
