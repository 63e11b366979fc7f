/*
 * What is hooked where. Each interface that is hooked is a file that defines a struct
 * ffitap__interface; FFITAP__INTERFACE_MAP names them all.
 */
#ifndef FFITAP_SHIM_INTERFACES_HOOK_H
#define FFITAP_SHIM_INTERFACES_HOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "shim/slots/slot.h"
#include "tap/known/scan.h"

/*
 * One line for each interface: FILE.c defines ffitap__FILE_interface. Slots are shown to the
 * interfaces in this order, and the first that has a slot's name among its hooks gets the slot.
 */
#define FFITAP__INTERFACE_MAP(X)                                                                   \
    X(dl)                                                                                          \
    X(ffi)                                                                                         \
    X(fd)                                                                                          \
    X(exec)                                                                                        \
    X(tracer)

/* A function to hook: its name, the replacement, and the real function as the shim itself finds it
 * by the name. */
struct ffitap__hook {
    const char *name;
    void *replacement; /* NULL: replacement() of the interface chooses one for each object */
    void *real;        /* NULL: the shim has none of its own */
};

/*
 * The members are in the order in which they are used. Every function may be NULL. begin(), note(),
 * decide() and replacement() are called with the tap's lock held and while the dynamic linker keeps
 * the object from going: they must not call the dynamic linker. One object is done with before the
 * next one begins.
 */
struct ffitap__interface {
    const struct ffitap__hook *hooks;
    size_t hook_count;
    bool is_of_tracer; /* is hooked in the tracer's own objects, and in no others */

    /* The shim starts, and has hooked no object yet. */
    void (*start)(void);

    /* fork(2) has just made this process: only async-signal-safe functions may be called. */
    void (*start_child)(void);

    /* An object is about to be hooked. False if it cannot be; then no interface hooks anything in
     * it. */
    bool (*begin)(struct ffitap__object *object);

    /* A slot with the name of `hook` is there. No slot of the object has been rewritten yet. */
    void (*note)(const struct ffitap__object *object, const struct ffitap__hook *hook,
                 const struct ffitap__slot *slot);

    /* All slots were noted. */
    void (*decide)(struct ffitap__object *object);

    /* Returns what is to stand in the slot; NULL leaves the slot as it is. An interface without
     * this function puts hook->replacement there. */
    void *(*replacement)(const struct ffitap__object *object, const struct ffitap__hook *hook,
                         const struct ffitap__slot *slot);

    /*
     * An object was loaded. `address` lies in what this thread has just loaded and keeps; it is
     * NULL when the shim starts, while nothing can be unloaded. The tap's lock is not held. The
     * function may clear dlerror(3)'s text.
     */
    void (*loaded)(const void *address);
};

/* The members that say which hooks there are, from an array of them. */
#define FFITAP__HOOKS(array) .hooks = (array), .hook_count = sizeof(array) / sizeof((array)[0])

#define X(name)              extern const struct ffitap__interface ffitap__##name##_interface;
FFITAP__INTERFACE_MAP(X)
#undef X

#endif
