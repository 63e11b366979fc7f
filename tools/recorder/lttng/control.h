/*
 * liblttng-ctl, loaded by the command that needs it. With what it brings along (an XML parser, ICU,
 * the C++ library) it takes longer to load than everything else together, and a program that is
 * only counted should not have to wait for that.
 */
#ifndef FFITAP_TOOLS_RECORDER_LTTNG_CONTROL_H
#define FFITAP_TOOLS_RECORDER_LTTNG_CONTROL_H

#include <stdbool.h>

#include <lttng/lttng.h>

#define FFITAP_LTTNG_LIBRARY "liblttng-ctl.so.0"

/*
 * The functions that are used, without their "lttng_". Each is called through `ffitap_lttng` with
 * the type that the headers give it, which is not the same in all of LTTng 2.13 to 2.16.
 */
#define FFITAP_LTTNG_FUNCTIONS(X)                                                                  \
    X(add_context)                                                                                 \
    X(channel_create)                                                                              \
    X(channel_destroy)                                                                             \
    X(channel_get_discarded_event_count)                                                           \
    X(channel_get_lost_packet_count)                                                               \
    X(create_handle)                                                                               \
    X(create_session_ext)                                                                          \
    X(data_pending)                                                                                \
    X(destroy_handle)                                                                              \
    X(destroy_session)                                                                             \
    X(destroy_session_ext)                                                                         \
    X(destruction_handle_destroy)                                                                  \
    X(destruction_handle_wait_for_completion)                                                      \
    X(enable_channel)                                                                              \
    X(enable_event)                                                                                \
    X(event_create)                                                                                \
    X(event_destroy)                                                                               \
    X(list_channels)                                                                               \
    X(list_sessions)                                                                               \
    X(process_attr_tracker_handle_destroy)                                                         \
    X(process_attr_tracker_handle_set_tracking_policy)                                             \
    X(process_attr_virtual_process_id_tracker_handle_add_pid)                                      \
    X(session_daemon_alive)                                                                        \
    X(session_descriptor_destroy)                                                                  \
    X(session_descriptor_local_create)                                                             \
    X(session_get_tracker_handle)                                                                  \
    X(set_tracing_group)                                                                           \
    X(start_tracing)                                                                               \
    X(stop_tracing_no_wait)                                                                        \
    X(strerror)

/* 1.8 of the Common Trace Format, as LTTng >= 2.15 numbers it (enum lttng_trace_format). */
#define FFITAP_LTTNG_CTF_1_8 1

struct ffitap_lttng {
#define X(name) __typeof__(&lttng_##name) name;
    FFITAP_LTTNG_FUNCTIONS(X)
#undef X
    /*
     * lttng_session_descriptor_set_trace_format(), or NULL if the library that is loaded knows only
     * one format. The type is written out here because the headers may be older than that library;
     * the function's result and its format are really enumerations. Returns 0 if it succeeds.
     */
    int (*set_trace_format)(struct lttng_session_descriptor *descriptor, int format);
};

/* NULL in every member until ffitap_lttng_load() has succeeded. */
extern struct ffitap_lttng ffitap_lttng;

/* False, having said why. */
bool ffitap_lttng_load(void);

/* Keeps the library from printing messages to stderr. */
void ffitap_lttng_be_quiet(void);

#endif
