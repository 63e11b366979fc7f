#include "core/errno.h"

#include <errno.h>

#include <ffitap/errno.h>

#include "tap/fast.h"

static FFITAP__THREAD_LOCAL int private_errno;

int ffitap_get_errno(void)
{
    return private_errno;
}

int ffitap_set_errno(int value)
{
    const int former = private_errno;

    private_errno = value;
    return former;
}

void ffitap__errno_swap(void)
{
    const int real = errno;

    errno = private_errno;
    private_errno = real;
}
