/* What a function can answer, and where and why it failed. */
#ifndef FFITAP_STATUS_H
#define FFITAP_STATUS_H

#include <stddef.h>

#include <ffitap/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Every status: name, value, message. Values are part of the ABI: added, never changed. */
#define FFITAP_STATUS_MAP(X)                                                                       \
    X(OK, 0, "success")                                                                            \
    X(NO_MEMORY, -1, "out of memory")                                                              \
    X(BAD_ARGUMENT, -2, "invalid argument")                                                        \
    X(LOAD_FAILED, -3, "cannot load the library")                                                  \
    X(NOT_FOUND, -4, "no such symbol")                                                             \
    X(BAD_TYPE, -5, "types do not fit")                                                            \
    X(CALL_FAILED, -6, "the call failed")                                                          \
    X(NOT_SUPPORTED, -7, "not supported here")                                                     \
    X(BUSY, -8, "in use already")                                                                  \
    X(IO, -9, "input/output error")                                                                \
    X(NOT_STARTED, -10, "not started")

/* A function that makes something, or gives it types, may also return FFITAP_NO_MEMORY, even where
 * that is not said. */
enum ffitap_status {
#define X(name, value, text) FFITAP_##name = (value),
    FFITAP_STATUS_MAP(X)
#undef X
};

/*
 * Where and why a function failed. Zero it first (`= {0}`, in C++ `= {}`). The first cause stays in
 * it, so one error may be passed to several functions in turn. Zero it again to go on after a
 * failure. Pass NULL if you only want the status.
 */
struct ffitap_error {
    enum ffitap_status status;
    int code;        /* the HRESULT with which a call failed, else 0 */
    size_t position; /* the character of a prototype, from 1, where it stops making sense, else 0 */
    char text[256];
};

/* The message of `status`, a constant string; "unknown status" for a value that is none. */
FFITAP_API const char *ffitap_status_text(enum ffitap_status status);

#ifdef __cplusplus
}
#endif

#endif
