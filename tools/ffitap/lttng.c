#include "lttng.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>

#include "message.h"

/* The functions that are used: what they return, their names, parameters and arguments. */
#define FUNCTIONS(X)                                                                               \
    X(int, lttng_add_context,                                                                      \
      (struct lttng_handle * handle, struct lttng_event_context * context, const char *event,      \
       const char *channel),                                                                       \
      (handle, context, event, channel))                                                           \
    X(struct lttng_channel *, lttng_channel_create, (struct lttng_domain * domain), (domain))      \
    X(void, lttng_channel_destroy, (struct lttng_channel * channel), (channel))                    \
    X(int, lttng_channel_get_discarded_event_count,                                                \
      (struct lttng_channel * channel, uint64_t * count), (channel, count))                        \
    X(int, lttng_channel_get_lost_packet_count,                                                    \
      (struct lttng_channel * channel, uint64_t * count), (channel, count))                        \
    X(struct lttng_handle *, lttng_create_handle,                                                  \
      (const char *session, struct lttng_domain *domain), (session, domain))                       \
    X(enum lttng_error_code, lttng_create_session_ext,                                             \
      (struct lttng_session_descriptor * descriptor), (descriptor))                                \
    X(int, lttng_data_pending, (const char *session), (session))                                   \
    X(void, lttng_destroy_handle, (struct lttng_handle * handle), (handle))                        \
    X(int, lttng_destroy_session, (const char *session), (session))                                \
    X(enum lttng_error_code, lttng_destroy_session_ext,                                            \
      (const char *session, struct lttng_destruction_handle **handle), (session, handle))          \
    X(void, lttng_destruction_handle_destroy, (struct lttng_destruction_handle * handle),          \
      (handle))                                                                                    \
    X(enum lttng_destruction_handle_status, lttng_destruction_handle_wait_for_completion,          \
      (struct lttng_destruction_handle * handle, int timeout_ms), (handle, timeout_ms))            \
    X(int, lttng_enable_channel, (struct lttng_handle * handle, struct lttng_channel * channel),   \
      (handle, channel))                                                                           \
    X(int, lttng_enable_event,                                                                     \
      (struct lttng_handle * handle, struct lttng_event * event, const char *channel),             \
      (handle, event, channel))                                                                    \
    X(struct lttng_event *, lttng_event_create, (void), ())                                        \
    X(void, lttng_event_destroy, (struct lttng_event * event), (event))                            \
    X(enum lttng_process_attr_tracker_handle_status,                                               \
      lttng_process_attr_tracker_handle_set_tracking_policy,                                       \
      (const struct lttng_process_attr_tracker_handle *tracker,                                    \
       enum lttng_tracking_policy policy),                                                         \
      (tracker, policy))                                                                           \
    X(void, lttng_process_attr_tracker_handle_destroy,                                             \
      (struct lttng_process_attr_tracker_handle * tracker), (tracker))                             \
    X(enum lttng_process_attr_tracker_handle_status,                                               \
      lttng_process_attr_virtual_process_id_tracker_handle_add_pid,                                \
      (const struct lttng_process_attr_tracker_handle *tracker, pid_t pid), (tracker, pid))        \
    X(enum lttng_error_code, lttng_session_get_tracker_handle,                                     \
      (const char *session, enum lttng_domain_type domain, enum lttng_process_attr attribute,      \
       struct lttng_process_attr_tracker_handle **tracker),                                        \
      (session, domain, attribute, tracker))                                                       \
    X(int, lttng_list_channels, (struct lttng_handle * handle, struct lttng_channel * *channels),  \
      (handle, channels))                                                                          \
    X(int, lttng_list_sessions, (struct lttng_session * *sessions), (sessions))                    \
    X(int, lttng_session_daemon_alive, (void), ())                                                 \
    X(void, lttng_session_descriptor_destroy, (struct lttng_session_descriptor * descriptor),      \
      (descriptor))                                                                                \
    X(struct lttng_session_descriptor *, lttng_session_descriptor_local_create,                    \
      (const char *session, const char *path), (session, path))                                    \
    X(int, lttng_set_tracing_group, (const char *group), (group))                                  \
    X(int, lttng_start_tracing, (const char *session), (session))                                  \
    X(int, lttng_stop_tracing_no_wait, (const char *session), (session))                           \
    X(const char *, lttng_strerror, (int code), (code))

static struct {
#define X(type, name, parameters, arguments) __typeof__(&name) name;
    FUNCTIONS(X)
#undef X
} loaded;

/* They stand in for the library's: whoever includes its header calls these. */
#define X(type, name, parameters, arguments)                                                       \
    type name parameters                                                                           \
    {                                                                                              \
        return loaded.name arguments;                                                              \
    }
FUNCTIONS(X)
#undef X

static void *library;

static bool find(void **function, const char *name)
{
    *function = dlsym(library, name);
    if (!*function)
        ffitap_say("%s; install lttng-tools as it was when ffitap was built", dlerror());
    return *function;
}

bool ffitap_lttng_load(void)
{
    bool complete = true;

    library = dlopen(FFITAP_LTTNG_LIBRARY, RTLD_NOW);
    if (!library) {
        ffitap_say("%s; install lttng-tools", dlerror());
        return false;
    }
#define X(type, name, parameters, arguments)                                                       \
    complete = complete && find((void **)&loaded.name, #name);
    FUNCTIONS(X)
#undef X
    return complete;
}

void ffitap_lttng_be_quiet(void)
{
    /* It is exported and declared nowhere. */
    int *quiet = dlsym(library, "lttng_opt_quiet");

    if (quiet)
        *quiet = 1;
}
