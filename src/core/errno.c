#include "core/errno.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#include "tap/base/fast.h"

static FFITAP__THREAD_LOCAL struct {
    int private_errno;
    int private_last_error;
    int last_error; /* the real one, unless the host named another */
} thread;

static const struct ffitap_last_error_source thread_source = {
    .get = ffitap_get_thread_last_error,
    .set = ffitap_set_thread_last_error,
};
static const struct ffitap_last_error_source *_Atomic source_in_force = &thread_source;

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
    atomic_store_explicit(&source_in_force, named ? named : &thread_source, memory_order_release);
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

const struct ffitap_last_error_source *ffitap__last_error_source(void)
{
    return atomic_load_explicit(&source_in_force, memory_order_acquire);
}

struct ffitap__last_error_swap
ffitap__last_error_swap(const struct ffitap_last_error_source *source)
{
    struct ffitap__last_error_swap swap;

    swap.real_value = source->get();
    swap.private_value = exchange(&thread.private_last_error, swap.real_value);
    source->set(swap.private_value);
    return swap;
}
