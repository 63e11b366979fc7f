/*
 * Sees what the dynamic linker is asked for. Because this library comes before libc, it can count,
 * by name, each dlopen() and dlsym() of the program. The real functions learn from the return
 * address who has called them, so both wrappers end in a jump to them; this file is compiled with
 * optimisation to get these jumps.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "recorder.h"

#define API __attribute__((visibility("default")))

struct request {
    char name[256];
    int count;
    int mode; /* of the last dlopen() */
};

struct requests {
    struct request entries[4096]; /* a sanitizer looks up more than a thousand */
    int count;
};

static struct requests loads, lookups;
static atomic_flag busy = ATOMIC_FLAG_INIT;

/* Nothing here calls a function of libc. A sanitizer's runtime replaces such functions, and looks
 * up the real ones through this file before it is ready to be called. */
static bool is_same(const char *left, const char *right)
{
    while (*left && *left == *right)
        left++, right++;
    return *left == *right;
}

static struct request *find(struct requests *requests, const char *name)
{
    for (int i = 0; i < requests->count; i++) {
        if (is_same(requests->entries[i].name, name))
            return &requests->entries[i];
    }
    return NULL;
}

/* Drops names that are too long, and names after too many others: no case uses such names. */
static struct request *add(struct requests *requests, const char *name)
{
    struct request *request = &requests->entries[requests->count];

    if (requests->count == sizeof(requests->entries) / sizeof(*requests->entries))
        return NULL;
    for (size_t i = 0; i < sizeof(request->name); i++) {
        request->name[i] = name[i];
        if (!name[i]) {
            requests->count++;
            return request;
        }
    }
    return NULL;
}

static __attribute__((noinline)) void note(struct requests *requests, const char *name, int mode)
{
    while (atomic_flag_test_and_set(&busy))
        ;
    struct request *request = find(requests, name);

    if (!request)
        request = add(requests, name);
    if (request) {
        request->count++;
        request->mode = mode;
    }
    atomic_flag_clear(&busy);
}

static __attribute__((noinline)) void *real(const char *name)
{
    return dlvsym(RTLD_NEXT, name, "GLIBC_2.2.5");
}

API void *dlopen(const char *name, int mode)
{
    void *(*next)(const char *, int) = (void *(*)(const char *, int))real("dlopen");

    note(&loads, name ? name : "NULL", mode);
    return next(name, mode);
}

API void *dlsym(void *restrict handle, const char *restrict name)
{
    void *(*next)(void *, const char *) = (void *(*)(void *, const char *))real("dlsym");

    note(&lookups, name, 0);
    return next(handle, name);
}

API int recorder_count_loads(const char *name)
{
    const struct request *request = find(&loads, name);

    return request ? request->count : 0;
}

API int recorder_get_mode(const char *name)
{
    const struct request *request = find(&loads, name);

    return request ? request->mode : -1;
}

API int recorder_count_lookups(const char *name)
{
    const struct request *request = find(&lookups, name);

    return request ? request->count : 0;
}

API void recorder_say(int line, const char *outcome)
{
    const int saved = errno;

    dprintf(STDOUT_FILENO, "%d\t%s\n", line, outcome);
    errno = saved;
}

API void recorder_set_errno(int value)
{
    errno = value;
}

API int recorder_errno(void)
{
    return errno;
}
