/*
 * The tracer itself, LTTng's library in the process: what it does in ways that a traced program
 * would notice.
 *
 * LTTng writes to a pipe when a buffer is full, in the middle of an event. In a thread without any
 * other cancellation point, pthread_cancel(3) would take effect there: half an event would stay in
 * the buffer, and the recording would wait for the other half.
 *
 * In each forked child LTTng loads itself anew and walks through the list of mapped objects. If
 * another thread of the parent was loading something at the time of the fork, the dynamic linker
 * finds this list half changed in the child, and ends the process. If that thread had locked the
 * list, the child waits for ever.
 */
#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/interfaces/hook.h"

#define TRACER "liblttng-ust.so"

static bool is_tracer(const char *name)
{
    return strncmp(name, TRACER, sizeof(TRACER) - 1) == 0;
}

/* As write(2), but no cancellation point: a thread that was cancelled does not end here. */
static ssize_t write_all_the_same(int fd, const void *bytes, size_t size)
{
    return syscall(SYS_write, fd, bytes, size);
}

static bool is_forked_child;

static void note_child(void)
{
    is_forked_child = true;
}

/* As dlopen(3), but in a forked child LTTng's library counts as loaded, because the parent has
 * loaded it. The caller only looks whether the result is NULL. */
static void *load_in_parent(const char *name, int mode)
{
    if (is_forked_child && name && is_tracer(name))
        return &is_forked_child;
    return dlopen(name, mode);
}

/* As dl_iterate_phdr(3), but in a forked child nothing is visited: nobody asks LTTng what its
 * parent had mapped. */
static int walk_in_parent(int (*visit)(struct dl_phdr_info *info, size_t size, void *data),
                          void *data)
{
    return is_forked_child ? 0 : dl_iterate_phdr(visit, data);
}

static void *replacement(const struct ffitap__object *object, const struct ffitap__hook *hook,
                         const struct ffitap__slot *slot)
{
    (void)slot;
    return is_tracer(object->soname) ? hook->replacement : NULL;
}

static const struct ffitap__hook hooks[] = {
    {"write", write_all_the_same, write},
    {"dlopen", load_in_parent, dlopen},
    {"dl_iterate_phdr", walk_in_parent, dl_iterate_phdr},
};

const struct ffitap__interface ffitap__tracer_interface = {
    FFITAP__HOOKS(hooks),
    .is_of_tracer = true,
    .start_child = note_child,
    .replacement = replacement,
};
