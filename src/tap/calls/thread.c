#include "tap/calls/thread.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "tap/base/memory.h"
#include "tap/sinks/loss.h"

FFITAP__THREAD_LOCAL struct ffitap__thread *ffitap__thread_self;

static pthread_key_t thread_key;
static bool have_thread_key;

void ffitap__thread_number(struct ffitap__thread *self)
{
    self->next_call_id = (uint64_t)gettid() << 32;
    self->next_callback_id = self->next_call_id;
}

void ffitap__thread_forget(struct ffitap__thread *self)
{
    self->counting = FFITAP__NO_STATE;
    self->remembering = FFITAP__NO_STATE;
}

void ffitap__thread_init(void (*end)(void *thread))
{
    have_thread_key = pthread_key_create(&thread_key, end) == 0;
}

/* Half a megabyte of address space, of which a thread touches as much as its calls nest. */
static struct ffitap__thread *create_thread(void)
{
    struct ffitap__thread *self = ffitap__memory_reserve(sizeof(*self));

    if (!self)
        return NULL;
    self->counting = FFITAP__NO_STATE;
    self->remembering = FFITAP__NO_STATE;
    ffitap__thread_number(self);
    ffitap__thread_self = self;
    if (have_thread_key)
        pthread_setspecific(thread_key, self);
    return self;
}

struct ffitap__thread *ffitap__thread_prepare(void)
{
    const int saved = errno;
    struct ffitap__thread *self = create_thread();

    errno = saved;
    return self;
}

struct ffitap__thread *ffitap__thread_start(void)
{
    struct ffitap__thread *self = ffitap__thread_prepare();

    if (!self)
        ffitap__lose(FFITAP__LOST_CALL);
    return self;
}
