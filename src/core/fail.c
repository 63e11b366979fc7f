#include "core/fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

enum ffitap_status ffitap__fail(struct ffitap_error *error, enum ffitap_status status,
                                const char *format, ...)
{
    if (!error || error->status != FFITAP_OK)
        return status;

    const int saved = errno;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    error->status = status;
    errno = saved;
    return status;
}
