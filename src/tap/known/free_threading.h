/*
 * Builds of CPython that can do without their interpreter lock, and whether the lock is on: modules
 * that need the lock turn it on. CPython has no function that tells whether it is on. The tap reads
 * the flag from memory, at the place that the interpreter's own description (_Py_DebugOffsets)
 * names, in the versions whose description we know.
 */
#ifndef FFITAP_TAP_KNOWN_FREE_THREADING_H
#define FFITAP_TAP_KNOWN_FREE_THREADING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ffitap/export.h>

struct ffitap__free_threading {
    void *(*current_state)(void);  /* this thread's, NULL while it is not attached */
    uint32_t interpreter_of_state; /* these three are where members lie */
    uint32_t lock_of_interpreter;
    uint32_t enabled_in_lock;
    bool is_known; /* else the state of the lock cannot be told */
};

/*
 * The free-threaded CPython whose PyEval_SaveThread() lies at `release`; NULL if what lies there is
 * not known to be a free-threaded CPython. That object must not be unmapped meanwhile. The result
 * is never freed, but means nothing once that CPython is unmapped. Must not be called with the
 * tap's lock held.
 */
FFITAP__CROSSING const struct ffitap__free_threading *
ffitap__free_threading_find(const void *release);

/*
 * The versions that we know, by their minor number. For each there are the indexes of the words
 * that tell what moves from version to version and stays in all releases of one: where an
 * interpreter has the pointer to its lock; where the lock has the flag that says whether it is
 * enabled; how large a thread's state is; where the state has the pointer to its interpreter.
 */
#define FFITAP__FREE_THREADING_MAP(X)                                                              \
    X(13, 14, 16, 19, 22)                                                                          \
    X(14, 15, 17, 22, 25)                                                                          \
    X(15, 15, 17, 22, 25)

/* The newest version that we know. Of builds of later versions it is only known that they are
 * free-threaded. */
enum {
#define X(minor, lock, enabled, state_size, of) FFITAP__FREE_THREADING_3_##minor = (minor),
    FFITAP__FREE_THREADING_MAP(X) FFITAP__FREE_THREADING_NEXT,
#undef X
    FFITAP__FREE_THREADING_NEWEST = FFITAP__FREE_THREADING_NEXT - 1
};

/* Whether a thread's interpreter has its lock. */
enum ffitap__lock_state {
    FFITAP__LOCK_IS_UNKNOWN, /* the thread is not attached, or we do not know this version */
    FFITAP__LOCK_IS_OFF,
    FFITAP__LOCK_IS_ON,
};

/*
 * Whether the interpreter of this thread has its lock. While a thread is attached that does not
 * change. `build` is NULL if no interpreter is known to be free-threaded.
 */
static inline enum ffitap__lock_state
ffitap__free_threading_state(const struct ffitap__free_threading *build)
{
    const char *state = build && build->is_known ? build->current_state() : NULL;
    const char *interpreter =
        state ? *(const char *const *)(state + build->interpreter_of_state) : NULL;
    const char *lock =
        interpreter ? *(const char *const *)(interpreter + build->lock_of_interpreter) : NULL;

    if (!lock)
        return FFITAP__LOCK_IS_UNKNOWN;
    return __atomic_load_n((const int *)(lock + build->enabled_in_lock), __ATOMIC_RELAXED)
               ? FFITAP__LOCK_IS_ON
               : FFITAP__LOCK_IS_OFF;
}

/* Reads what CPython says of itself. It is declared here so that tests can have it read what no
 * CPython says. */
struct ffitap__free_threading_words {
    const uint64_t *words;
    uint64_t size; /* in bytes, of the whole that they begin */
};
bool ffitap__free_threading_read(struct ffitap__free_threading *build,
                                 const struct ffitap__free_threading_words *runtime);

#endif
