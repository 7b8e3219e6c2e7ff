#include "failure.h"

#include <stdarg.h>
#include <stdio.h>

int fail(struct failure *failure, int code, const char *hint, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(failure->message, sizeof failure->message, format, arguments);
    va_end(arguments);
    snprintf(failure->hint, sizeof failure->hint, "%s", hint);
    for (char *c = failure->message; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
    }
    failure->code = code;
    return code;
}
