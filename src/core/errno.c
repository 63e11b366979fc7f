#include "core/errno.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#include <ffitap/errno.h>

#include "tap/fast.h"

static FFITAP__THREAD_LOCAL struct {
    int private_errno;
    int private_last_error;
    int last_error; /* the real one, unless the host named another */
} thread;

static const struct ffitap_last_error_source thread_source = {
    .get = ffitap_get_thread_last_error,
    .set = ffitap_set_thread_last_error,
};
static const struct ffitap_last_error_source *_Atomic source = &thread_source;

static int exchange(int *where, int value)
{
    const int former = *where;

    *where = value;
    return former;
}

int ffitap_get_errno(void)
{
    return thread.private_errno;
}

int ffitap_set_errno(int value)
{
    return exchange(&thread.private_errno, value);
}

int ffitap_get_last_error(void)
{
    return thread.private_last_error;
}

int ffitap_set_last_error(int value)
{
    return exchange(&thread.private_last_error, value);
}

void ffitap_set_last_error_source(const struct ffitap_last_error_source *named)
{
    atomic_store_explicit(&source, named ? named : &thread_source, memory_order_release);
}

int ffitap_get_thread_last_error(void)
{
    return thread.last_error;
}

void ffitap_set_thread_last_error(int value)
{
    thread.last_error = value;
}

void ffitap__errno_swap(void)
{
    errno = exchange(&thread.private_errno, errno);
}

struct ffitap__last_error_swap ffitap__last_error_swap(void)
{
    const struct ffitap_last_error_source *real =
        atomic_load_explicit(&source, memory_order_acquire);
    struct ffitap__last_error_swap swap;

    swap.real_value = real->get();
    swap.private_value = exchange(&thread.private_last_error, swap.real_value);
    real->set(swap.private_value);
    return swap;
}
