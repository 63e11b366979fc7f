#include "lttng_double.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool lttng_double_wants_calls = true;
bool lttng_double_wants_callbacks = true;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char names[1 << 20];
static size_t names_size;

static char texts[4 << 20];
static size_t texts_size;

/* Only what the tap borrows for the time of the emission is copied; the rest is interned. */
static const char *keep(const char *text)
{
    const size_t size = strlen(text) + 1;

    if (texts_size + size > sizeof(texts))
        abort();
    texts_size += size;
    return memcpy(texts + texts_size - size, text, size);
}

static void keep_process_event(struct ffitap__process_event *event)
{
    (void)event;
}

static void keep_runtime_event(struct ffitap__runtime_event *event)
{
    (void)event;
}

static void keep_object_event(struct ffitap__object_event *event)
{
    (void)event;
}

static void keep_function_event(struct ffitap__function_event *event)
{
    (void)event;
}

static void keep_load_event(struct ffitap__load_event *event)
{
    event->name = keep(event->name);
    event->error = keep(event->error);
}

static void keep_unload_event(struct ffitap__unload_event *event)
{
    event->error = keep(event->error);
}

static void keep_lookup_event(struct ffitap__lookup_event *event)
{
    event->symbol = keep(event->symbol);
    event->version = keep(event->version);
    event->error = keep(event->error);
}

static void keep_call_event(struct ffitap__call_event *event)
{
    (void)event;
}

static void keep_call_edge_event(struct ffitap__call_edge_event *event)
{
    (void)event;
}

static void keep_gil_event(struct ffitap__gil_event *event)
{
    (void)event;
}

static void keep_swap_event(struct ffitap__swap_event *event)
{
    (void)event;
}

static void keep_callback_event(struct ffitap__callback_event *event)
{
    (void)event;
}

static void keep_lost_event(struct ffitap__lost_event *event)
{
    (void)event;
}

static void append_name(const char *name)
{
    names_size += (size_t)snprintf(names + names_size, sizeof(names) - names_size, "%s ", name);
    if (names_size >= sizeof(names))
        abort();
}

#define X(name, record)                                                                            \
    static struct ffitap__##record name##_events[LTTNG_DOUBLE_KEPT];                               \
    static unsigned name##_count;                                                                  \
                                                                                                   \
    void ffitap__lttng_##name(const struct ffitap__##record *event)                                \
    {                                                                                              \
        struct ffitap__##record copy = *event;                                                     \
                                                                                                   \
        pthread_mutex_lock(&mutex);                                                                \
        keep_##record(&copy);                                                                      \
        name##_events[name##_count++ % LTTNG_DOUBLE_KEPT] = copy;                                  \
        append_name(#name);                                                                        \
        pthread_mutex_unlock(&mutex);                                                              \
    }                                                                                              \
                                                                                                   \
    unsigned lttng_double_##name##_count(void)                                                     \
    {                                                                                              \
        return name##_count;                                                                       \
    }                                                                                              \
                                                                                                   \
    const struct ffitap__##record *lttng_double_##name(unsigned from_last)                         \
    {                                                                                              \
        if (from_last >= name##_count || from_last >= LTTNG_DOUBLE_KEPT) {                         \
            fprintf(stderr, "no event " #name " (%u from the last)\n", from_last);                 \
            abort();                                                                               \
        }                                                                                          \
        return &name##_events[(name##_count - 1 - from_last) % LTTNG_DOUBLE_KEPT];                 \
    }
FFITAP__EVENT_MAP(X)
#undef X

const struct ffitap__sink ffitap__lttng_sink = {
#define X(name, record) .name = ffitap__lttng_##name,
    FFITAP__TOLD_EVENT_MAP(X)
#undef X
};

void lttng_double_reset(void)
{
#define X(name, record) name##_count = 0;
    FFITAP__EVENT_MAP(X)
#undef X
    texts_size = 0;
    names_size = 0;
    names[0] = '\0';
}

const char *lttng_double_names(void)
{
    return names;
}

bool ffitap__lttng_wants_complete_calls(void)
{
    return lttng_double_wants_calls;
}

__attribute__((weak)) bool lttng_double_is_there = true;

/* Does what the provider does when it is loaded. */
__attribute__((constructor)) static void be_there(void)
{
    if (lttng_double_is_there)
        ffitap__watch_start_events();
}

bool ffitap__lttng_asks_for_calls(void)
{
    return lttng_double_wants_calls;
}

bool ffitap__lttng_wants_moments(void)
{
    return lttng_double_wants_calls;
}

bool ffitap__lttng_wants_callbacks(void)
{
    return lttng_double_wants_callbacks;
}

void ffitap__lttng_join(void)
{
}

void ffitap__lttng_join_again(void)
{
}
