/*
 * close_range and closefrom. LTTng keeps descriptors in the process. If the program closes them,
 * LTTng aborts, or goes on to use their numbers, whatever these are by then. LTTng's own library
 * against that, liblttng-ust-fd, guards only close(2) and fclose(3). Here the descriptors of a
 * range are closed one by one through the same guard.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/interfaces/hook.h"

/*
 * LTTng's guard (liblttng-ust-common): calls `close_fd` unless the descriptor is LTTng's. NULL
 * where the provider is not loaded, and then there is nothing to guard.
 */
extern int lttng_ust_safe_close_fd(int fd, int (*close_fd)(int fd)) __attribute__((weak));

/* The process whose descriptors are guarded. A child of vfork(2) has LTTng's descriptors but not
 * its threads, and runs in memory that is not its own. */
static pid_t guarded_process;

static void guard_this_process(void)
{
    guarded_process = getpid();
}

static int close_plainly(int fd)
{
    return (int)syscall(SYS_close, fd);
}

static void close_guarded(unsigned fd)
{
    lttng_ust_safe_close_fd((int)fd, close_plainly);
}

struct entry { /* getdents64(2)'s */
    ino64_t inode;
    off64_t offset;
    unsigned short size;
    unsigned char type;
    char name[];
};

/* Closes what is open and in the range; no memory is allocated. False without /proc. */
static bool close_listed(unsigned first, unsigned last)
{
    _Alignas(struct entry) char buffer[2048];
    const int list = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    long size;

    if (list < 0)
        return false;
    while ((size = syscall(SYS_getdents64, list, buffer, sizeof(buffer))) > 0) {
        const struct entry *entry;

        for (long at = 0; at < size; at += entry->size) {
            entry = (const struct entry *)(buffer + at);
            const unsigned fd = (unsigned)strtoul(entry->name, NULL, 10);

            if (entry->name[0] != '.' && fd >= first && fd <= last && fd != (unsigned)list)
                close_guarded(fd);
        }
    }
    close_plainly(list);
    return true;
}

static void close_all(unsigned first, unsigned last)
{
    struct rlimit limit = {.rlim_cur = 1024};

    if (close_listed(first, last))
        return;
    getrlimit(RLIMIT_NOFILE, &limit);
    for (unsigned fd = first; fd <= last && fd < limit.rlim_cur; fd++)
        close_guarded(fd);
}

static bool is_guarded(void)
{
    return lttng_ust_safe_close_fd && getpid() == guarded_process;
}

/* With flags the call goes through unguarded: the flags only mark descriptors for a later exec, or
 * ask for a table of descriptors of one's own. */
static int hook_close_range(unsigned first, unsigned last, int flags)
{
    if (!is_guarded() || flags || first > last)
        return close_range(first, last, flags);

    const int saved = errno;
    close_all(first, last);
    errno = saved;
    return 0;
}

static void hook_closefrom(int first)
{
    if (is_guarded())
        close_all(first < 0 ? 0 : (unsigned)first, UINT_MAX);
    else
        closefrom(first);
}

static void *replacement(const struct ffitap__object *object, const struct ffitap__hook *hook,
                         const struct ffitap__slot *slot)
{
    (void)object;
    return slot->is_variable ? NULL : hook->replacement;
}

static const struct ffitap__hook hooks[] = {
    {"close_range", hook_close_range, close_range},
    {"closefrom", hook_closefrom, closefrom},
};

const struct ffitap__interface ffitap__fd_interface = {
    FFITAP__HOOKS(hooks),
    .start = guard_this_process,
    .start_child = guard_this_process,
    .replacement = replacement,
};
