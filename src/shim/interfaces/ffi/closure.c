/*
 * What is known of each closure is in a record. The records lie in memory of our own that is never
 * released: if native code calls a closure that was just freed, it finds another closure's record
 * at worst. A record is found by its key, which is its closure's address or, for runtimes that look
 * their data up in the closure, the address of that data. The table of records needs no lock: a
 * record stays in its bucket for good, and whoever writes a key into a free record owns it. So a
 * fork, a signal or a thread's end in the middle of this costs one record at most, and not even
 * that once the key is used again.
 */
#include "shim/interfaces/ffi/closure.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>

#include "tap/base/memory.h"
#include "tap/calls/callback.h"
#include "tap/sinks/loss.h"

#define BUCKET_COUNT 16384u /* a power of two */

struct record {
    void *_Atomic key;   /* the closure's address, or its data's; NULL: free */
    struct record *next; /* of the same bucket */
    ffitap__closure_handler *handler;
    void *data;
    const void *code; /* what native code calls */
    const struct ffitap__closure_owner *owner;
};

/* This is much address space, but only as much of it is touched as there are closures. */
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

static struct record *_Atomic *bucket_of(struct pool *pool, const void *key)
{
    return &pool->buckets[((uint64_t)(uintptr_t)key * 0x9E3779B97F4A7C15u) >> 50 &
                          (BUCKET_COUNT - 1)];
}

static struct record *claim(struct record *first, void *key)
{
    for (struct record *record = first; record; record = record->next) {
        void *nobody = NULL;

        if (!atomic_load_explicit(&record->key, memory_order_relaxed) &&
            atomic_compare_exchange_strong_explicit(&record->key, &nobody, key,
                                                    memory_order_acquire, memory_order_relaxed))
            return record;
    }
    return NULL;
}

static struct record *add(struct pool *pool, struct record *_Atomic *bucket, void *key)
{
    uint32_t used = atomic_load_explicit(&pool->used, memory_order_relaxed);

    do {
        if (used == FFITAP__CLOSURE_MAX)
            return NULL;
    } while (!atomic_compare_exchange_weak_explicit(&pool->used, &used, used + 1,
                                                    memory_order_relaxed, memory_order_relaxed));
    struct record *record = &pool->records[used];
    struct record *first = atomic_load_explicit(bucket, memory_order_relaxed);

    atomic_store_explicit(&record->key, key, memory_order_relaxed);
    do
        record->next = first;
    while (!atomic_compare_exchange_weak_explicit(bucket, &first, record, memory_order_release,
                                                  memory_order_relaxed));
    return record;
}

/* A further record for the key, besides those that it has. NULL if there is none left. */
static struct record *take(void *key)
{
    struct pool *pool = get_pool();

    if (!pool)
        return NULL;
    struct record *_Atomic *bucket = bucket_of(pool, key);
    struct record *record = claim(atomic_load_explicit(bucket, memory_order_acquire), key);

    return record ? record : add(pool, bucket, key);
}

static void give_back(struct record *record)
{
    if (record)
        atomic_store_explicit(&record->key, NULL, memory_order_release);
}

/* Gives back all records of the key but `kept`. */
static void forget_others(void *key, const struct record *kept)
{
    struct pool *pool = atomic_load_explicit(&the_pool, memory_order_acquire);

    if (!pool || !key)
        return;
    for (struct record *record = atomic_load_explicit(bucket_of(pool, key), memory_order_acquire);
         record; record = record->next)
        if (record != kept && atomic_load_explicit(&record->key, memory_order_relaxed) == key)
            give_back(record);
}

/* The record is not looked at after the handler has been called: the handler may free its own
 * closure, and somebody else may then prepare another closure with the same record. */
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
                           atomic_load_explicit(record->owner->runtime, memory_order_relaxed),
                           stack);
    handler(cif, result, arguments, data);
    ffitap__callback_leave(self, &callback);
}

/* What native code enters when it calls a closure. While nobody listens, this is one check and a
 * jump. */
static inline __attribute__((always_inline)) void pass_on(const struct record *record, void *cif,
                                                          void *result, void **arguments)
{
    if (FFITAP__UNLIKELY(ffitap__lttng_wants_calls()))
        be_called_recorded(record, cif, result, arguments, (uintptr_t)__builtin_dwarf_cfa());
    else
        record->handler(cif, result, arguments, record->data);
}

static void be_called(void *cif, void *result, void **arguments, void *data)
{
    pass_on(data, cif, result, arguments);
}

static const struct record *find(const void *key)
{
    const struct record *record =
        atomic_load_explicit(bucket_of(the_pool, key), memory_order_acquire);

    while (atomic_load_explicit(&record->key, memory_order_relaxed) != key)
        record = record->next;
    return record;
}

/* The same for runtimes that look their data up in the closure. */
static void be_called_with_data(void *cif, void *result, void **arguments, void *data)
{
    pass_on(find(data), cif, result, arguments);
}

/*
 * Whether the handler is ours already. A libffi that is part of an object implements
 * ffi_prep_closure() with ffi_prep_closure_loc(), which it calls through the object's slot, and so
 * it comes here twice.
 */
static bool is_hooked(ffitap__closure_handler *handler)
{
    return handler == be_called || handler == be_called_with_data;
}

/* How libffi is asked to prepare a closure. */
struct request {
    ffitap__closure_handler *handler;
    void *data;
    void *key;
    struct record *record; /* NULL: as the runtime asked */
};

static struct request request_for(const struct ffitap__closure_owner *owner, void *closure,
                                  ffitap__closure_handler *handler, void *data, const void *code)
{
    const int saved = errno;
    const bool by_data = owner->reads_data && data;
    struct request request = {handler, data, by_data ? data : closure, NULL};

    if (!closure || is_hooked(handler))
        return request;
    request.record = take(request.key);
    if (request.record) {
        request.record->handler = handler;
        request.record->data = data;
        request.record->code = code;
        request.record->owner = owner;
        request.handler = by_data ? be_called_with_data : be_called;
        request.data = by_data ? data : request.record;
    } else {
        if (by_data) /* the records of this data are those of other closures, which need them */
            request.key = NULL;
        ffitap__lose(FFITAP__LOST_RUNTIME);
    }
    errno = saved;
    return request;
}

/* A closure that is prepared anew needs its old record until libffi has agreed, because a closure
 * that libffi refuses stays as it was. */
static int settle(int status, const struct request *request)
{
    if (is_hooked(request->handler) && !request->record)
        return status;
    if (status == 0)
        forget_others(request->key, request->record);
    else
        give_back(request->record);
    return status;
}

int ffitap__closure_prepare_at(ffitap__closure_prepare_at_function *real,
                               const struct ffitap__closure_owner *owner, void *closure, void *cif,
                               ffitap__closure_handler *handler, void *data, void *code)
{
    const struct request request = request_for(owner, closure, handler, data, code);

    return settle(real(closure, cif, request.handler, request.data, code), &request);
}

int ffitap__closure_prepare(ffitap__closure_prepare_function *real,
                            const struct ffitap__closure_owner *owner, void *closure, void *cif,
                            ffitap__closure_handler *handler, void *data)
{
    const struct request request = request_for(owner, closure, handler, data, closure);

    return settle(real(closure, cif, request.handler, request.data), &request);
}

/*
 * Our record is given back first: once libffi has the closure back, another thread may get that
 * closure and prepare it. A record whose key is the address of data is not found here. It is given
 * back when a closure with the same data is prepared.
 */
void ffitap__closure_free(ffitap__closure_free_function *real, void *closure)
{
    forget_others(closure, NULL);
    real(closure);
}
