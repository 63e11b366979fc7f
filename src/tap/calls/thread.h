/* What is kept of each thread that makes measured calls: the calls it is in, and where they count.
 */
#ifndef FFITAP_TAP_CALLS_THREAD_H
#define FFITAP_TAP_CALLS_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include <ffitap/export.h>

#include "tap/base/clock.h"
#include "tap/base/fast.h"
#include "tap/base/watch.h"

struct ffitap__cell; /* tally.h says what these two are */
struct ffitap__tally;

/* Calls that nest deeper than this, through callbacks, are lost. */
#define FFITAP__FRAME_MAX 4096u

/* What is called, and through what. */
struct ffitap__callee {
    uint32_t function_id; /* 0 if it is not known */
    uint32_t runtime_id;
};

/* A call. A power of two in size, so that finding one takes no multiplication. */
struct ffitap__frame {
    uintptr_t stack;           /* its caller's stack pointer, or one of the states below */
    uint64_t entered;          /* when native code was entered; 0 before */
    uint64_t left;             /* when it left native code, if it waits for its lock */
    uint64_t in_callbacks;     /* how long it was in them */
    uintptr_t callback_stack;  /* of the callback that takes its time; 0 if none does */
    uint64_t call_id;          /* 0 where no events are wanted */
    struct ffitap__cell *cell; /* where it is counted; NULL if there was none when it began */
    struct ffitap__callee callee;
    uint32_t flags; /* enum ffitap__call_flag, and FFITAP__FRAME_... */
    int errno_before;
    int errno_private_in;
    int errno_private_out;
    int errno_after;
} __attribute__((aligned(128)));

/*
 * A frame's `stack` tells whether its call was jumped over. Two states take the place of a stack
 * pointer, and lead to the right answer as well: a frame that is free, or was never used, compares
 * as if it lay further up than any call; a frame whose call has left native code and waits for its
 * lock compares as if it lay further down.
 */
#define FFITAP__FRAME_FREE  0u
#define FFITAP__FRAME_WAITS 1u

/* Somebody wants the call's single moments. */
#define FFITAP__FRAME_IN_MOMENTS (1u << 31)

/* The call began before fork(2), and its cell is the parent's. If the call does not return in this
 * process, it is the parent's call alone. */
#define FFITAP__FRAME_INHERITED (1u << 30)

/* The runtime's interpreter lock was given up and no call has been made since. */
struct ffitap__window {
    uint32_t open;    /* 1, or 0 if there is none */
    uint16_t runtime; /* of a free-threaded interpreter: which of its ids says what was given up;
                         0 otherwise, or once a call has taken it */
    bool had_lock;    /* of a free-threaded interpreter: whether it gave up a lock, and was not only
                         detached */
    int errno_before; /* if there are events */
};

/* A function has asked for the address of errno. If a call follows, this tells that errno is
 * exchanged around it. */
struct ffitap__errno_question {
    uintptr_t stack; /* of the function that asked; 0 if none did */
    int value;
};

/* The last call that was made through a plan. */
struct ffitap__planned {
    uintptr_t stack; /* of its caller */
    const void *function;
};

/*
 * What was found out in earlier calls of functions through a runtime. At any moment a signal
 * handler may put here what it finds out of other functions that share this memo. So neither member
 * says anything about the other, and the cell has a key of its own.
 */
struct ffitap__thread_memo {
    struct ffitap__cell *_Atomic cell; /* where calls of one are counted; never NULL */
    _Atomic uint64_t left_out;         /* the key of one that the filter excludes */
};
#define FFITAP__THREAD_MEMOS 256u

/* A key that no function has. */
#define FFITAP__NO_KEY UINT64_MAX

/* A value that ffitap__watch's state never has. */
#define FFITAP__NO_STATE UINT64_MAX

struct ffitap__thread {
    /* The state of ffitap__watch in which calls are only counted and the memos hold, if that is so;
     * otherwise FFITAP__NO_STATE. */
    uint64_t counting;
    uint32_t depth; /* how many of the frames are calls */
    struct ffitap__window window;
    struct ffitap__errno_question question;
    struct ffitap__planned planned;
    struct ffitap__tally *_Atomic tally;   /* NULL until it counts something */
    struct ffitap__tally *_Atomic retired; /* of earlier files, where calls may be under way */
    uint64_t next_call_id;
    uint64_t next_callback_id;
    struct ffitap__clock_anchor anchor;
    uint64_t remembering; /* the state with which the memos hold; else FFITAP__NO_STATE */
    struct ffitap__thread_memo memos[FFITAP__THREAD_MEMOS];
    struct ffitap__frame frames[FFITAP__FRAME_MAX];
};

/* NULL until the thread's first measured call. */
FFITAP__CROSSING extern FFITAP__THREAD_LOCAL struct ffitap__thread *ffitap__thread_self;

FFITAP__CROSSING struct ffitap__thread *ffitap__thread_prepare(void);
FFITAP__CROSSING struct ffitap__thread *ffitap__thread_start(void);

/* The record of this thread, made on first use, for what comes ahead of a call. NULL if there is no
 * memory for it. */
static inline struct ffitap__thread *ffitap__thread_get_ahead(void)
{
    struct ffitap__thread *self = ffitap__thread_self;

    return FFITAP__LIKELY(self != NULL) ? self : ffitap__thread_prepare();
}

/* The same for the call itself, which is counted as lost if there is no memory. */
static inline struct ffitap__thread *ffitap__thread_get(void)
{
    struct ffitap__thread *self = ffitap__thread_self;

    return FFITAP__LIKELY(self != NULL) ? self : ffitap__thread_start();
}

/* The key of a memo. The runtime goes into the upper bits, which are the same in all addresses of a
 * program. */
static inline uint64_t ffitap__thread_key(const void *address, uint16_t runtime)
{
    return (uintptr_t)address ^ (uint64_t)runtime << 48;
}

static inline struct ffitap__thread_memo *ffitap__thread_memo(struct ffitap__thread *self,
                                                              uint64_t key)
{
    return &self->memos[(key >> 4) % FFITAP__THREAD_MEMOS];
}

/* Whether calls of this function are known to be left out by the filter. */
static inline bool ffitap__thread_leaves_out(struct ffitap__thread *self, const void *address,
                                             uint16_t runtime)
{
    const uint64_t key = ffitap__thread_key(address, runtime);
    const struct ffitap__thread_memo *memo = ffitap__thread_memo(self, key);

    return atomic_load_explicit(&memo->left_out, memory_order_relaxed) == key &&
           self->remembering == ffitap__watch_state();
}

/* Called at the start. Each thread that makes measured calls will call `end` when it ends. */
void ffitap__thread_init(void (*end)(void *thread));

/* Gives this thread's later calls and callbacks ids that those of no other thread have. */
void ffitap__thread_number(struct ffitap__thread *self);

/* Forgets every memo, so that later calls look for their cells anew, in whatever tally there is
 * then. */
void ffitap__thread_forget(struct ffitap__thread *self);

#endif
