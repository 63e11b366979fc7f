#include "tap/thread.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap/call.h"
#include "tap/emit.h"
#include "tap/loss.h"
#include "tap/memory.h"

FFITAP__THREAD_LOCAL struct ffitap__thread *ffitap__thread_self;

struct ffitap__cell ffitap__thread_no_cell = {.key = FFITAP__NO_KEY};

static pthread_key_t thread_key;
static bool have_thread_key;

static void end_thread(void *data)
{
    struct ffitap__thread *self = data;

    /* LTTng may have forgotten the thread by now; signals come all the same. */
    if (ffitap__watch_events())
        ffitap__emit_join_again();
    ffitap__call_drop_all(self);
    ffitap__thread_self = NULL;
    ffitap__tally_destroy_all(self);
    munmap(self, sizeof(*self));
}

static void start_counting(struct ffitap__thread *self)
{
    self->next_call_id = (uint64_t)gettid() << 32;
    self->next_callback_id = self->next_call_id;
}

void ffitap__thread_forget(struct ffitap__thread *self)
{
    self->counting = FFITAP__NO_STATE;
    self->remembering = FFITAP__NO_STATE;
}

/*
 * One thread is left in a forked child, with the calls it is in but an identity of its own. Their
 * cells stay for who was interrupted and goes on with them, and count in nothing.
 */
void ffitap__thread_start_child(void)
{
    if (ffitap__thread_self) {
        ffitap__thread_forget(ffitap__thread_self);
        ffitap__tally_leave_all(ffitap__thread_self);
        start_counting(ffitap__thread_self);
        for (uint32_t i = 0; i < ffitap__thread_self->depth; i++)
            ffitap__thread_self->frames[i].flags |= FFITAP__FRAME_INHERITED;
    }
}

void ffitap__thread_init(void)
{
    have_thread_key = pthread_key_create(&thread_key, end_thread) == 0;
}

/* Half a megabyte of address space, of which a thread touches as much as its calls nest. */
static struct ffitap__thread *create_thread(void)
{
    struct ffitap__thread *self = ffitap__memory_reserve(sizeof(*self));

    if (!self)
        return NULL;
    self->counting = FFITAP__NO_STATE;
    self->remembering = FFITAP__NO_STATE;
    start_counting(self);
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
