/*
 * What an event says, as plain C: the tap fills these records and the LTTng-UST provider
 * (tracepoints/provider.h) lays them out. Strings are borrowed for the time of the emission and
 * never NULL; "" where there is nothing to say.
 */
#ifndef FFITAP_TAP_BASE_EVENT_H
#define FFITAP_TAP_BASE_EVENT_H

#include <stdint.h>

/*
 * Every event of tracepoints/provider.h, with the record that it carries. The first list has the
 * events that are told to every sink; the second has those of single calls and callbacks, which
 * only LTTng gets.
 */
#define FFITAP__TOLD_EVENT_MAP(X)                                                                  \
    X(process, process_event)                                                                      \
    X(runtime, runtime_event)                                                                      \
    X(object_mapped, object_event)                                                                 \
    X(object_unmapped, object_event)                                                               \
    X(function, function_event)                                                                    \
    X(load_begin, load_event)                                                                      \
    X(load_end, load_event)                                                                        \
    X(unload, unload_event)                                                                        \
    X(lookup, lookup_event)                                                                        \
    X(lost, lost_event)
#define FFITAP__CALL_EVENT_MAP(X)                                                                  \
    X(call, call_event)                                                                            \
    X(call_entry, call_edge_event)                                                                 \
    X(call_exit, call_edge_event)                                                                  \
    X(gil_release, gil_event)                                                                      \
    X(gil_acquire, gil_event)                                                                      \
    X(errno_swap, swap_event)                                                                      \
    X(last_error_swap, swap_event)                                                                 \
    X(callback_entry, callback_event)                                                              \
    X(callback_exit, callback_event)
#define FFITAP__EVENT_MAP(X)                                                                       \
    FFITAP__TOLD_EVENT_MAP(X)                                                                      \
    FFITAP__CALL_EVENT_MAP(X)

/* How many functions can be known. Their ids count up from 1. */
#define FFITAP__FUNCTION_MAX 24576u

/* Where a function's name comes from. */
enum ffitap__naming {
    FFITAP__NAMED_BY_LOOKUP = 0, /* what a lookup asked for, or the host said */
    FFITAP__NAMED_BY_EXPORT = 1, /* the nearest symbol its object exports at or below the address */
    FFITAP__NAMED_BY_NOBODY = 2, /* no symbol there: the symbol is "" and the offset says where */
};

/* Why an object is in the process. */
enum ffitap__object_cause {
    FFITAP__OBJECT_AT_START_UP = 0,
    FFITAP__OBJECT_ASKED_FOR = 1,  /* a load returned this object */
    FFITAP__OBJECT_DEPENDENCY = 2, /* came along with another object */
    FFITAP__OBJECT_TRACER = 3,     /* ffitap's own and LTTng's: there because it is traced */
};

/* What could not be recorded. The real call went through all the same. */
enum ffitap__loss {
    FFITAP__LOST_CALL = 0,     /* nested too deep, or without room to record or count it */
    FFITAP__LOST_FUNCTION = 1, /* no room to name another function */
    FFITAP__LOST_OBJECT = 2,   /* no room for it, or it cannot be hooked: its calls are not seen */
    FFITAP__LOST_RUNTIME = 3,  /* no hook left for another runtime, whose calls are not seen; or for
                                  a closure, through which callbacks are not seen; or calls are
                                  not seen because the tap is of another build */
    FFITAP__LOST_EVENT = 4,    /* of a thread that ends: not told to LTTng; "other" in reports */
};

enum ffitap__swap_direction {
    FFITAP__SWAP_IN = 0,
    FFITAP__SWAP_OUT = 1,
};

/* Bits of ffitap__call_event.flags. */
enum ffitap__call_flag {
    FFITAP__CALL_GIL_RELEASED = 1u << 0,  /* the call had a GIL window */
    FFITAP__CALL_GIL_HELD = 1u << 1,      /* the runtime has an interpreter lock and kept it */
    FFITAP__CALL_ERRNO_SWAPPED = 1u << 2, /* the private errno was exchanged around the call */
    FFITAP__CALL_UNFINISHED = 1u << 3,    /* left by longjmp, an exception or the thread's end:
                                             its native time lasts until that was noticed */
    FFITAP__CALL_WAIT_UNKNOWN = 1u << 4,  /* the lock was never seen to be held again */
};

/* What a runtime's interpreter lock is, where it has one that calls give up. */
enum ffitap__lock_kind {
    FFITAP__LOCK_UNTOLD = 0,   /* not told: reports count as if it were always there */
    FFITAP__LOCK_NONE = 1,     /* the runtime has none */
    FFITAP__LOCK_ALWAYS = 2,   /* there as long as the interpreter is */
    FFITAP__LOCK_OPTIONAL = 3, /* of a free-threaded interpreter, which may have it or not */
    FFITAP__LOCK_ON = 4,  /* of such an interpreter, in an id for what happens while it is on */
    FFITAP__LOCK_OFF = 5, /* of such an interpreter, in an id for what happens while it is off */
};

struct ffitap__process_event {
    int32_t pid;
    int32_t ppid;
    uint64_t start_ns; /* CLOCK_MONOTONIC when the tap started in this program image */
    const char *exe;
    const uint8_t *argv; /* NUL-terminated arguments one after another, perhaps cut */
    uint32_t argv_size;
    const char *recording; /* the token of the recording this process belongs to, or "" */
};

struct ffitap__runtime_event {
    uint16_t runtime_id;
    const char *name;   /* "ctypes", "cffi", ...; else the object's file name */
    const char *object; /* path of the object whose foreign calls these are */
    const char *lock;   /* the function that releases its interpreter lock, or "" */
    uint8_t lock_kind;  /* enum ffitap__lock_kind */
};

/* load_begin leaves out what only the end knows: handle, path, duration, error. */
struct ffitap__load_event {
    uint64_t load_id; /* unique in the process */
    const char *name; /* as requested; "" also stands for the main program (main_program = 1) */
    uint8_t main_program;
    int32_t mode;
    uint64_t handle;
    const char *path;   /* of the object that the handle stands for */
    const char *caller; /* path of the object that asked */
    uint64_t duration_ns;
    const char *error; /* dlerror's text if the load failed, else "" */
};

struct ffitap__object_event {
    uint64_t base;
    uint64_t size;
    const char *path;
    const char *soname;
    const char *build_id; /* hexadecimal */
    uint8_t cause;        /* enum ffitap__object_cause */
    const char *needed_by;
};

struct ffitap__unload_event {
    uint64_t handle;
    const char *path;
    const char *caller;
    int32_t result;    /* dlclose's */
    uint32_t unmapped; /* how many objects went */
    uint64_t duration_ns;
    const char *error;
};

struct ffitap__lookup_event {
    uint64_t handle;
    const char *library; /* path of the object that the handle stands for */
    const char *symbol;
    const char *version; /* of dlvsym, else "" */
    const char *caller;
    uint64_t address;
    uint32_t function_id; /* 0 if the lookup failed */
    uint8_t cached;       /* answered without asking the dynamic linker */
    uint64_t duration_ns;
    const char *error;
};

struct ffitap__function_event {
    uint32_t function_id; /* unique in the process, from 1 */
    uint64_t address;
    uint64_t offset;     /* of the address in its object, or from the export that gave the name */
    const char *library; /* path of the object that holds the address */
    const char *symbol;
    uint8_t naming; /* enum ffitap__naming */
};

/*
 * One complete call. The errno values tell the exchange that ctypes makes: `errno_before` was the
 * thread's, `errno_private_in` is what the native code found, `errno_private_out` what it left,
 * `errno_after` what the thread has again. Without an exchange the first two are equal and so are
 * the last two.
 */
struct ffitap__call_event {
    uint64_t start_ns;        /* CLOCK_MONOTONIC when the native code was entered */
    uint64_t native_ns;       /* in native code, callbacks included */
    uint64_t callbacks_ns;    /* in callbacks out of it */
    uint64_t gil_released_ns; /* the GIL window, from release to held again; 0 without one */
    uint64_t gil_wait_ns;     /* of that, waiting to get the lock back */
    uint32_t function_id;
    uint16_t runtime_id;
    uint16_t flags; /* enum ffitap__call_flag */
    int32_t errno_before;
    int32_t errno_private_in;
    int32_t errno_after;
    int32_t errno_private_out;
};

/* call_entry; call_exit adds native_ns. */
struct ffitap__call_edge_event {
    uint64_t call_id; /* unique in the process */
    uint32_t function_id;
    uint16_t runtime_id;
    uint64_t native_ns;
};

/* gil_release; gil_acquire adds the lengths. */
struct ffitap__gil_event {
    uint64_t call_id; /* the call the window is for */
    uint16_t runtime_id;
    uint64_t released_ns;
    uint64_t wait_ns;
};

/* errno_swap and last_error_swap. */
struct ffitap__swap_event {
    uint64_t call_id;
    uint8_t direction;     /* enum ffitap__swap_direction */
    int32_t real_value;    /* the thread's value before the exchange */
    int32_t private_value; /* the value that was put in its place */
};

/* callback_entry; callback_exit adds duration_ns: the time from native code to native code, with
 * the wait for the interpreter lock. */
struct ffitap__callback_event {
    uint64_t callback_id; /* unique in the process */
    uint64_t call_id;     /* the call it came out of, 0 if none on this thread */
    uint64_t closure;     /* the code address that native code called */
    uint32_t function_id; /* the function whose call it came out of, 0 if none */
    uint16_t runtime_id;
    uint64_t duration_ns;
};

struct ffitap__lost_event {
    uint8_t what; /* enum ffitap__loss */
    uint64_t count;
};

/*
 * A sink, such as LTTng or the statistics: a function for each event, NULL for an event that the
 * sink does not want. What is known so far is described to a sink that comes late. Runtimes,
 * objects and functions are told with the tap's lock held; the rest by any thread.
 */
struct ffitap__sink {
#define X(name, record) void (*name)(const struct ffitap__##record *event);
    FFITAP__TOLD_EVENT_MAP(X)
#undef X
};

/* Tells a sink what is known of this process. With the tap's lock held. */
typedef void ffitap__description(const struct ffitap__sink *to);

#endif
