/*
 * What is known of each closure is a record in memory of our own, which never goes: whoever calls a
 * closure that was just freed finds at worst another's. Records are found by the closure's address
 * in a table that needs no lock: one stays in its bucket for good, and who writes the closure's
 * address into it has it. So a fork, a signal or a thread's end in the middle of this costs a
 * record at most, and not even that once the address is used again.
 */
#include "shim/closure.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>

#include "tap/callback.h"
#include "tap/memory.h"
#include "tap/tap.h"

#define BUCKET_COUNT 16384u /* a power of two */

struct record {
    void *_Atomic closure; /* whose this is; NULL: nobody's */
    struct record *next;   /* of the same bucket */
    ffitap__closure_handler *handler;
    void *data;
    const void *code; /* what native code calls */
    const _Atomic uint16_t *runtime;
};

/* Much address space, of which is touched what there are closures for. */
struct pool {
    struct record *_Atomic buckets[BUCKET_COUNT];
    _Atomic uint32_t used;
    struct record records[FFITAP__CLOSURE_MAX];
};

static struct pool *_Atomic the_pool;

static struct pool *create_pool(void)
{
    struct pool *fresh = ffitap__memory_reserve(sizeof(*fresh));
    struct pool *there = NULL;

    if (!fresh || atomic_compare_exchange_strong(&the_pool, &there, fresh))
        return fresh;
    munmap(fresh, sizeof(*fresh));
    return there;
}

static struct pool *get_pool(void)
{
    struct pool *pool = atomic_load_explicit(&the_pool, memory_order_acquire);

    return pool ? pool : create_pool();
}

static struct record *_Atomic *bucket_of(struct pool *pool, const void *closure)
{
    return &pool->buckets[((uint64_t)(uintptr_t)closure * 0x9E3779B97F4A7C15u) >> 50 &
                          (BUCKET_COUNT - 1)];
}

static struct record *claim(struct record *first, void *closure)
{
    for (struct record *record = first; record; record = record->next) {
        void *nobody = NULL;

        if (!atomic_load_explicit(&record->closure, memory_order_relaxed) &&
            atomic_compare_exchange_strong_explicit(&record->closure, &nobody, closure,
                                                    memory_order_acquire, memory_order_relaxed))
            return record;
    }
    return NULL;
}

static struct record *add(struct pool *pool, struct record *_Atomic *bucket, void *closure)
{
    uint32_t used = atomic_load_explicit(&pool->used, memory_order_relaxed);

    do {
        if (used == FFITAP__CLOSURE_MAX)
            return NULL;
    } while (!atomic_compare_exchange_weak_explicit(&pool->used, &used, used + 1,
                                                    memory_order_relaxed, memory_order_relaxed));
    struct record *record = &pool->records[used];
    struct record *first = atomic_load_explicit(bucket, memory_order_relaxed);

    atomic_store_explicit(&record->closure, closure, memory_order_relaxed);
    do
        record->next = first;
    while (!atomic_compare_exchange_weak_explicit(bucket, &first, record, memory_order_release,
                                                  memory_order_relaxed));
    return record;
}

/* A record of the closure's own, besides those it has; NULL if there is none left. */
static struct record *take(void *closure)
{
    struct pool *pool = get_pool();

    if (!pool)
        return NULL;
    struct record *_Atomic *bucket = bucket_of(pool, closure);
    struct record *record = claim(atomic_load_explicit(bucket, memory_order_acquire), closure);

    return record ? record : add(pool, bucket, closure);
}

static void give_back(struct record *record)
{
    if (record)
        atomic_store_explicit(&record->closure, NULL, memory_order_release);
}

/* Gives back every record that is the closure's, but one. */
static void forget_others(void *closure, const struct record *kept)
{
    struct pool *pool = atomic_load_explicit(&the_pool, memory_order_acquire);

    if (!pool || !closure)
        return;
    for (struct record *record =
             atomic_load_explicit(bucket_of(pool, closure), memory_order_acquire);
         record; record = record->next)
        if (record != kept &&
            atomic_load_explicit(&record->closure, memory_order_relaxed) == closure)
            give_back(record);
}

/*
 * The record is not looked at after the handler has been called: it may free its own closure, and
 * somebody else prepare another one.
 */
static __attribute__((noinline)) void be_called_recorded(const struct record *record, void *cif,
                                                         void *result, void **arguments,
                                                         uintptr_t stack)
{
    ffitap__closure_handler *handler = record->handler;
    void *data = record->data;
    struct ffitap__thread *self = ffitap__thread_get();
    struct ffitap__callback callback;

    if (!self) {
        handler(cif, result, arguments, data);
        return;
    }
    ffitap__callback_enter(self, &callback, record->code,
                           atomic_load_explicit(record->runtime, memory_order_relaxed), stack);
    handler(cif, result, arguments, data);
    ffitap__callback_leave(self, &callback);
}

/* What native code comes to. While nobody listens it is one check and a jump. */
static void be_called(void *cif, void *result, void **arguments, void *data)
{
    const struct record *record = data;

    if (FFITAP__UNLIKELY(ffitap__emit_wants_calls()))
        be_called_recorded(record, cif, result, arguments, (uintptr_t)__builtin_dwarf_cfa());
    else
        record->handler(cif, result, arguments, record->data);
}

/* A libffi of an object's own prepares one kind of closure as another, through its slots. */
static bool is_hooked(ffitap__closure_handler *handler)
{
    return handler == be_called;
}

static struct record *record_of(const _Atomic uint16_t *runtime, void *closure,
                                ffitap__closure_handler *handler, void *data, const void *code)
{
    const int saved = errno;
    struct record *record = take(closure);

    if (record) {
        record->handler = handler;
        record->data = data;
        record->code = code;
        record->runtime = runtime;
    } else {
        ffitap__tap_lose(FFITAP__LOST_RUNTIME);
    }
    errno = saved;
    return record;
}

/*
 * A closure that is prepared anew needs its old record until libffi has agreed: what it refuses
 * stays as it was.
 */
static int settle(int status, void *closure, struct record *record)
{
    if (status == 0)
        forget_others(closure, record);
    else
        give_back(record);
    return status;
}

int ffitap__closure_prepare_at(ffitap__closure_prepare_at_function *real,
                               const _Atomic uint16_t *runtime, void *closure, void *cif,
                               ffitap__closure_handler *handler, void *data, void *code)
{
    if (!closure || is_hooked(handler))
        return real(closure, cif, handler, data, code);

    struct record *record = record_of(runtime, closure, handler, data, code);
    const int status = record ? real(closure, cif, be_called, record, code)
                              : real(closure, cif, handler, data, code);
    return settle(status, closure, record);
}

int ffitap__closure_prepare(ffitap__closure_prepare_function *real, const _Atomic uint16_t *runtime,
                            void *closure, void *cif, ffitap__closure_handler *handler, void *data)
{
    if (!closure || is_hooked(handler))
        return real(closure, cif, handler, data);

    struct record *record = record_of(runtime, closure, handler, data, closure);
    const int status =
        record ? real(closure, cif, be_called, record) : real(closure, cif, handler, data);
    return settle(status, closure, record);
}

/* First ours: once libffi has the closure back, another thread may get and prepare it. */
void ffitap__closure_free(ffitap__closure_free_function *real, void *closure)
{
    forget_others(closure, NULL);
    real(closure);
}
