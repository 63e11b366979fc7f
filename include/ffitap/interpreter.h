/*
 * The interpreter lock: CPython's GIL, or what a host's own interpreter has. Calls of every library
 * but a FFITAP_PYDLL give it up while they are in native code; callbacks take it.
 *
 * For a CPython in the process nothing has to be done, whether the host embeds it or something else
 * has loaded it: ffitap looks for it whenever a library is loaded, a function found or a callback
 * made. If CPython comes after the last of these, call ffitap_interpreter_set_automatic(). A host
 * without any interpreter has nothing to do either.
 */
#ifndef FFITAP_INTERPRETER_H
#define FFITAP_INTERPRETER_H

#include <ffitap/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * An interpreter's lock. The functions are called by any thread that calls or is called back; errno
 * is kept around them.
 */
struct ffitap_interpreter {
    const char *lock; /* what the report calls the lock: the name of `release` */

    /* Whether this thread holds the lock. CPython's PyGILState_Check() is no answer in a process
     * that had several interpreters: it says yes to every thread. */
    int (*is_held)(void);

    /* Gives the lock up; called with the lock held. `acquire` gets what this returned
     * (PyEval_SaveThread()). */
    void *(*release)(void);
    void (*acquire)(void *released);

    /*
     * Returns what to call the error that is set in the interpreter, for instance its type; NULL if
     * none is set (PyErr_Occurred()). It is called with the lock held, and must leave the error
     * there. The member itself may be NULL.
     */
    const char *(*error_occurred)(void);

    /*
     * `enter` takes the lock in a thread that may be new to the interpreter and may hold the lock
     * already; `leave` undoes that (PyGILState_Ensure(), PyGILState_Release()). If both are NULL,
     * callbacks run as they come: without the lock if the call that they came out of gave it up.
     */
    void *(*enter)(void);
    void (*leave)(void *entered);
};

/*
 * Names the interpreter of this process, for calls and callbacks that start from now on, instead of
 * the CPython that may be there: `interpreter` must stay as it is until the process ends. NULL: no
 * lock is ever touched. Any thread, at any time.
 */
FFITAP_API void ffitap_interpreter_set(const struct ffitap_interpreter *interpreter);

/*
 * Undoes ffitap_interpreter_set(): the interpreter is CPython again, if there is one in the
 * process. This call looks for it. Until it is found, so does whatever loads a library, finds a
 * function or makes a callback.
 */
FFITAP_API void ffitap_interpreter_set_automatic(void);

#ifdef __cplusplus
}
#endif

#endif
