/*
 * The event contract of ffitap. Fields and events are added, never renamed, removed or re-typed:
 * traces outlive programs.
 *
 * definitions, repeated whenever a session starts late (the last one of the same thing counts)
 *   process            a program image: what it is and when it started
 *   runtime            a source of foreign calls: ctypes, cffi, the core itself, ...
 *   object_mapped      an object that the dynamic linker mapped (object_unmapped: it went)
 *   function           names a function id
 * libraries
 *   load_begin, load_end, unload, lookup
 * calls
 *   call               one complete call; enough for every figure of the report
 *   call_entry, call_exit, gil_release, gil_acquire, errno_swap, last_error_swap
 *                      the same call in its moments, for hangs, crashes and live viewing
 *   callback_entry, callback_exit
 * losses
 *   lost               what the tap itself could not record
 *
 * Edges pair by load_id, call_id and callback_id, unique in a process. Times are nanoseconds,
 * *start_ns on CLOCK_MONOTONIC. src/tap/base/event.h says what each field means.
 */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER ffitap

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "tracepoints/provider.h"

#if !defined(FFITAP_TRACEPOINTS_PROVIDER_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define FFITAP_TRACEPOINTS_PROVIDER_H

#include <stdint.h>
#include <lttng/tracepoint.h>

#include "tap/base/event.h"

LTTNG_UST_TRACEPOINT_ENUM(ffitap, object_cause,
    LTTNG_UST_TP_ENUM_VALUES(
        lttng_ust_field_enum_value("start_up", FFITAP__OBJECT_AT_START_UP)
        lttng_ust_field_enum_value("asked_for", FFITAP__OBJECT_ASKED_FOR)
        lttng_ust_field_enum_value("dependency", FFITAP__OBJECT_DEPENDENCY)
        lttng_ust_field_enum_value("tracer", FFITAP__OBJECT_TRACER)
    )
)

LTTNG_UST_TRACEPOINT_ENUM(ffitap, naming,
    LTTNG_UST_TP_ENUM_VALUES(
        lttng_ust_field_enum_value("lookup", FFITAP__NAMED_BY_LOOKUP)
        lttng_ust_field_enum_value("export", FFITAP__NAMED_BY_EXPORT)
        lttng_ust_field_enum_value("nobody", FFITAP__NAMED_BY_NOBODY)
    )
)

LTTNG_UST_TRACEPOINT_ENUM(ffitap, swap_direction,
    LTTNG_UST_TP_ENUM_VALUES(
        lttng_ust_field_enum_value("in", FFITAP__SWAP_IN)
        lttng_ust_field_enum_value("out", FFITAP__SWAP_OUT)
    )
)

LTTNG_UST_TRACEPOINT_ENUM(ffitap, loss,
    LTTNG_UST_TP_ENUM_VALUES(
        lttng_ust_field_enum_value("call", FFITAP__LOST_CALL)
        lttng_ust_field_enum_value("function", FFITAP__LOST_FUNCTION)
        lttng_ust_field_enum_value("object", FFITAP__LOST_OBJECT)
        lttng_ust_field_enum_value("runtime", FFITAP__LOST_RUNTIME)
    )
)

LTTNG_UST_TRACEPOINT_ENUM(ffitap, lock_kind,
    LTTNG_UST_TP_ENUM_VALUES(
        lttng_ust_field_enum_value("untold", FFITAP__LOCK_UNTOLD)
        lttng_ust_field_enum_value("none", FFITAP__LOCK_NONE)
        lttng_ust_field_enum_value("always", FFITAP__LOCK_ALWAYS)
        lttng_ust_field_enum_value("optional", FFITAP__LOCK_OPTIONAL)
        lttng_ust_field_enum_value("on", FFITAP__LOCK_ON)
        lttng_ust_field_enum_value("off", FFITAP__LOCK_OFF)
    )
)

LTTNG_UST_TRACEPOINT_EVENT(ffitap, process,
    LTTNG_UST_TP_ARGS(const struct ffitap__process_event *, event),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(int32_t, pid, event->pid)
        lttng_ust_field_integer(int32_t, ppid, event->ppid)
        lttng_ust_field_integer(uint64_t, start_ns, event->start_ns)
        lttng_ust_field_string(exe, event->exe)
        lttng_ust_field_sequence(uint8_t, argv, event->argv, uint32_t, event->argv_size)
        lttng_ust_field_string(recording, event->recording)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ffitap, process, LTTNG_UST_TRACEPOINT_LOGLEVEL_NOTICE)

LTTNG_UST_TRACEPOINT_EVENT(ffitap, runtime,
    LTTNG_UST_TP_ARGS(const struct ffitap__runtime_event *, event),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint16_t, runtime_id, event->runtime_id)
        lttng_ust_field_string(name, event->name)
        lttng_ust_field_string(object, event->object)
        lttng_ust_field_string(lock, event->lock)
        lttng_ust_field_enum(ffitap, lock_kind, uint8_t, lock_kind, event->lock_kind)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ffitap, runtime, LTTNG_UST_TRACEPOINT_LOGLEVEL_NOTICE)

LTTNG_UST_TRACEPOINT_EVENT(ffitap, object_mapped,
    LTTNG_UST_TP_ARGS(const struct ffitap__object_event *, event),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer_hex(uint64_t, base, event->base)
        lttng_ust_field_integer(uint64_t, size, event->size)
        lttng_ust_field_string(path, event->path)
        lttng_ust_field_string(soname, event->soname)
        lttng_ust_field_string(build_id, event->build_id)
        lttng_ust_field_enum(ffitap, object_cause, uint8_t, cause, event->cause)
        lttng_ust_field_string(needed_by, event->needed_by)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ffitap, object_mapped, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(ffitap, object_unmapped,
    LTTNG_UST_TP_ARGS(const struct ffitap__object_event *, event),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer_hex(uint64_t, base, event->base)
        lttng_ust_field_integer(uint64_t, size, event->size)
        lttng_ust_field_string(path, event->path)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ffitap, object_unmapped, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(ffitap, function,
    LTTNG_UST_TP_ARGS(const struct ffitap__function_event *, event),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, function_id, event->function_id)
        lttng_ust_field_integer_hex(uint64_t, address, event->address)
        lttng_ust_field_integer_hex(uint64_t, offset, event->offset)
        lttng_ust_field_string(library, event->library)
        lttng_ust_field_string(symbol, event->symbol)
        lttng_ust_field_enum(ffitap, naming, uint8_t, naming, event->naming)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ffitap, function, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(ffitap, load_begin,
    LTTNG_UST_TP_ARGS(const struct ffitap__load_event *, event),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, load_id, event->load_id)
        lttng_ust_field_string(name, event->name)
        lttng_ust_field_integer(uint8_t, main_program, event->main_program)
        lttng_ust_field_integer(int32_t, mode, event->mode)
        lttng_ust_field_string(caller, event->caller)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ffitap, load_begin, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_PROGRAM)

LTTNG_UST_TRACEPOINT_EVENT(ffitap, load_end,
    LTTNG_UST_TP_ARGS(const struct ffitap__load_event *, event),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, load_id, event->load_id)
        lttng_ust_field_string(name, event->name)
        lttng_ust_field_integer(uint8_t, main_program, event->main_program)
        lttng_ust_field_integer(int32_t, mode, event->mode)
        lttng_ust_field_string(caller, event->caller)
        lttng_ust_field_integer_hex(uint64_t, handle, event->handle)
        lttng_ust_field_string(path, event->path)
        lttng_ust_field_integer(uint64_t, duration_ns, event->duration_ns)
        lttng_ust_field_string(error, event->error)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ffitap, load_end, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(ffitap, unload,
    LTTNG_UST_TP_ARGS(const struct ffitap__unload_event *, event),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer_hex(uint64_t, handle, event->handle)
        lttng_ust_field_string(path, event->path)
        lttng_ust_field_string(caller, event->caller)
        lttng_ust_field_integer(int32_t, result, event->result)
        lttng_ust_field_integer(uint32_t, unmapped, event->unmapped)
        lttng_ust_field_integer(uint64_t, duration_ns, event->duration_ns)
        lttng_ust_field_string(error, event->error)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ffitap, unload, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(ffitap, lookup,
    LTTNG_UST_TP_ARGS(const struct ffitap__lookup_event *, event),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer_hex(uint64_t, handle, event->handle)
        lttng_ust_field_string(library, event->library)
        lttng_ust_field_string(symbol, event->symbol)
        lttng_ust_field_string(version, event->version)
        lttng_ust_field_string(caller, event->caller)
        lttng_ust_field_integer_hex(uint64_t, address, event->address)
        lttng_ust_field_integer(uint32_t, function_id, event->function_id)
        lttng_ust_field_integer(uint8_t, cached, event->cached)
        lttng_ust_field_integer(uint64_t, duration_ns, event->duration_ns)
        lttng_ust_field_string(error, event->error)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ffitap, lookup, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(ffitap, call,
    LTTNG_UST_TP_ARGS(const struct ffitap__call_event *, event),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, start_ns, event->start_ns)
        lttng_ust_field_integer(uint64_t, native_ns, event->native_ns)
        lttng_ust_field_integer(uint64_t, callbacks_ns, event->callbacks_ns)
        lttng_ust_field_integer(uint64_t, gil_released_ns, event->gil_released_ns)
        lttng_ust_field_integer(uint64_t, gil_wait_ns, event->gil_wait_ns)
        lttng_ust_field_integer(uint32_t, function_id, event->function_id)
        lttng_ust_field_integer(uint16_t, runtime_id, event->runtime_id)
        lttng_ust_field_integer_hex(uint16_t, flags, event->flags)
        lttng_ust_field_integer(int32_t, errno_before, event->errno_before)
        lttng_ust_field_integer(int32_t, errno_private_in, event->errno_private_in)
        lttng_ust_field_integer(int32_t, errno_after, event->errno_after)
        lttng_ust_field_integer(int32_t, errno_private_out, event->errno_private_out)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ffitap, call, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_FUNCTION)

LTTNG_UST_TRACEPOINT_EVENT(ffitap, call_entry,
    LTTNG_UST_TP_ARGS(const struct ffitap__call_edge_event *, event),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, call_id, event->call_id)
        lttng_ust_field_integer(uint32_t, function_id, event->function_id)
        lttng_ust_field_integer(uint16_t, runtime_id, event->runtime_id)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ffitap, call_entry, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_LINE)

LTTNG_UST_TRACEPOINT_EVENT(ffitap, call_exit,
    LTTNG_UST_TP_ARGS(const struct ffitap__call_edge_event *, event),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, call_id, event->call_id)
        lttng_ust_field_integer(uint32_t, function_id, event->function_id)
        lttng_ust_field_integer(uint16_t, runtime_id, event->runtime_id)
        lttng_ust_field_integer(uint64_t, native_ns, event->native_ns)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ffitap, call_exit, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_LINE)

LTTNG_UST_TRACEPOINT_EVENT(ffitap, gil_release,
    LTTNG_UST_TP_ARGS(const struct ffitap__gil_event *, event),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, call_id, event->call_id)
        lttng_ust_field_integer(uint16_t, runtime_id, event->runtime_id)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ffitap, gil_release, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_LINE)

LTTNG_UST_TRACEPOINT_EVENT(ffitap, gil_acquire,
    LTTNG_UST_TP_ARGS(const struct ffitap__gil_event *, event),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, call_id, event->call_id)
        lttng_ust_field_integer(uint16_t, runtime_id, event->runtime_id)
        lttng_ust_field_integer(uint64_t, released_ns, event->released_ns)
        lttng_ust_field_integer(uint64_t, wait_ns, event->wait_ns)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ffitap, gil_acquire, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_LINE)

LTTNG_UST_TRACEPOINT_EVENT(ffitap, errno_swap,
    LTTNG_UST_TP_ARGS(const struct ffitap__swap_event *, event),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, call_id, event->call_id)
        lttng_ust_field_enum(ffitap, swap_direction, uint8_t, direction, event->direction)
        lttng_ust_field_integer(int32_t, real_value, event->real_value)
        lttng_ust_field_integer(int32_t, private_value, event->private_value)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ffitap, errno_swap, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_LINE)

LTTNG_UST_TRACEPOINT_EVENT(ffitap, last_error_swap,
    LTTNG_UST_TP_ARGS(const struct ffitap__swap_event *, event),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, call_id, event->call_id)
        lttng_ust_field_enum(ffitap, swap_direction, uint8_t, direction, event->direction)
        lttng_ust_field_integer(int32_t, real_value, event->real_value)
        lttng_ust_field_integer(int32_t, private_value, event->private_value)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ffitap, last_error_swap, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_LINE)

LTTNG_UST_TRACEPOINT_EVENT(ffitap, callback_entry,
    LTTNG_UST_TP_ARGS(const struct ffitap__callback_event *, event),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, callback_id, event->callback_id)
        lttng_ust_field_integer(uint64_t, call_id, event->call_id)
        lttng_ust_field_integer_hex(uint64_t, closure, event->closure)
        lttng_ust_field_integer(uint32_t, function_id, event->function_id)
        lttng_ust_field_integer(uint16_t, runtime_id, event->runtime_id)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ffitap, callback_entry, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_FUNCTION)

LTTNG_UST_TRACEPOINT_EVENT(ffitap, callback_exit,
    LTTNG_UST_TP_ARGS(const struct ffitap__callback_event *, event),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, callback_id, event->callback_id)
        lttng_ust_field_integer(uint64_t, call_id, event->call_id)
        lttng_ust_field_integer_hex(uint64_t, closure, event->closure)
        lttng_ust_field_integer(uint32_t, function_id, event->function_id)
        lttng_ust_field_integer(uint16_t, runtime_id, event->runtime_id)
        lttng_ust_field_integer(uint64_t, duration_ns, event->duration_ns)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ffitap, callback_exit, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_FUNCTION)

LTTNG_UST_TRACEPOINT_EVENT(ffitap, lost,
    LTTNG_UST_TP_ARGS(const struct ffitap__lost_event *, event),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_enum(ffitap, loss, uint8_t, what, event->what)
        lttng_ust_field_integer(uint64_t, count, event->count)
    )
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ffitap, lost, LTTNG_UST_TRACEPOINT_LOGLEVEL_WARNING)

#endif

#include <lttng/tracepoint-event.h>
