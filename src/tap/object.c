#include "tap/object.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tap/emit.h"
#include "tap/function.h"
#include "tap/lock.h"
#include "tap/memory.h"
#include "tap/statistics.h"
#include "tap/tap.h"

#define BUILD_ID_MAX 32 /* bytes; a SHA-1 is 20 */
#define TRIES_MAX    8  /* to find a moment without unloads */

static struct ffitap__object objects[FFITAP__OBJECT_MAX];
static _Atomic unsigned object_count; /* entries that were ever used */
static ffitap__object_visitor *visitor;

/* The dynamic linker's counts of what it mapped and unmapped, as of the last scan. */
static unsigned long long last_adds, last_subs;
static bool table_is_full;

struct scan {
    bool has_lock;
    uintptr_t asked_for;
    bool first; /* nothing was known before: what is there came at start-up */
    bool visit_all;
    bool started;
    unsigned long long subs;
    unsigned position;               /* in the dynamic linker's list, which only grows at its end */
    unsigned settled;                /* so many at the front of the list are relocated, ... */
    unsigned long long settled_subs; /* ... as long as nothing was unmapped since */
    bool skipped;                    /* an object that may not be relocated yet */
};

/*
 * Asked for once, for what it goes by stays the same: later the file may have another name or none,
 * or the program another root, or may not ask.
 */
static const char *program_path(void)
{
    static const char *known;
    char path[PATH_MAX];

    if (!known) {
        const ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);

        path[size > 0 ? size : 0] = '\0';
        known = ffitap__memory_intern(path);
    }
    return known;
}

static const char *hexadecimal(const uint8_t *bytes, size_t size)
{
    char text[2 * BUILD_ID_MAX + 1] = "";

    if (size > BUILD_ID_MAX)
        size = BUILD_ID_MAX;
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return ffitap__memory_intern(text);
}

static const char **needed_sonames(const struct ffitap__elf *elf)
{
    size_t count = 0;

    for (const ElfW(Dyn) *entry = elf->dynamic; entry->d_tag != DT_NULL; entry++)
        count += entry->d_tag == DT_NEEDED;
    if (!count)
        return NULL;

    const char **sonames = ffitap__memory_keep((count + 1) * sizeof(*sonames));
    if (!sonames)
        return NULL;
    count = 0;
    for (const ElfW(Dyn) *entry = elf->dynamic; entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_NEEDED)
            sonames[count++] = ffitap__memory_intern(elf->strings + entry->d_un.d_val);
    return sonames;
}

static bool is_same(const struct ffitap__object *object, const struct dl_phdr_info *info,
                    const char *path)
{
    return atomic_load_explicit(&object->mapped, memory_order_relaxed) &&
           object->elf.bias == info->dlpi_addr && object->path == path;
}

static struct ffitap__object *find_known(const struct dl_phdr_info *info, const char *path)
{
    for (unsigned i = 0; i < object_count; i++)
        if (is_same(&objects[i], info, path))
            return &objects[i];
    return NULL;
}

/*
 * A free entry, first of all one that held this very object before: loading and unloading the
 * same library for days must not use the table up, nor keep a list of sonames each time.
 */
static struct ffitap__object *free_entry(const char *path)
{
    struct ffitap__object *free_one = NULL;

    for (unsigned i = 0; i < object_count; i++) {
        struct ffitap__object *object = &objects[i];

        if (atomic_load_explicit(&object->mapped, memory_order_relaxed))
            continue;
        if (object->path == path)
            return object;
        if (!free_one)
            free_one = object;
    }
    if (free_one)
        return free_one;
    if (object_count == FFITAP__OBJECT_MAX)
        return NULL;
    return &objects[object_count++];
}

/* What records: listed, for an audit tells the truth, but not the program's doing. */
static bool is_tracer(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;

    return strncmp(file, "libffitap", 9) == 0 || strncmp(file, "liblttng-ust", 12) == 0;
}

static uint8_t cause_of(const struct ffitap__object *object, const struct scan *scan)
{
    if (is_tracer(object->path))
        return FFITAP__OBJECT_TRACER;
    if (scan->first)
        return FFITAP__OBJECT_AT_START_UP;
    if (scan->asked_for >= object->elf.start && scan->asked_for < object->elf.end)
        return FFITAP__OBJECT_ASKED_FOR;
    return FFITAP__OBJECT_DEPENDENCY;
}

static struct ffitap__object *add(const struct ffitap__elf *elf, const char *path,
                                  const struct scan *scan)
{
    struct ffitap__object *object = free_entry(path);
    if (!object) {
        if (!table_is_full)
            ffitap__tap_lose(FFITAP__LOST_OBJECT);
        table_is_full = true;
        return NULL;
    }

    if (object->path != path)
        object->notes = NULL;
    if (object->path != path || !object->needed)
        object->needed = needed_sonames(elf);
    object->elf = *elf;
    object->path = path;
    object->soname = ffitap__memory_intern(elf->soname);
    object->build_id = hexadecimal(elf->build_id, elf->build_id_size);
    object->needed_by = "";
    object->reported = false;
    object->visited = false;
    object->cause = cause_of(object, scan);
    atomic_store_explicit(&object->start, elf->start, memory_order_release);
    atomic_store_explicit(&object->end, elf->end, memory_order_release);
    atomic_store_explicit(&object->mapped, true, memory_order_release);
    return object;
}

/* Whether the object is a dependency of one that this scan has just added. */
static bool came_along(const struct ffitap__elf *elf)
{
    const char *wanted = ffitap__memory_intern(elf->soname);

    for (unsigned i = 0; i < object_count; i++) {
        const struct ffitap__object *object = &objects[i];
        const bool added = atomic_load_explicit(&object->mapped, memory_order_relaxed) &&
                           !object->reported && object->needed;

        for (const char **soname = added ? object->needed : NULL; soname && *soname; soname++)
            if (*soname == wanted)
                return true;
    }
    return false;
}

/*
 * The list also holds what another thread is loading at this moment. The visitor must not touch
 * that: the dynamic linker is still writing to its slots, some of them by adding to what they hold.
 * What this thread's own load returned is ready, and so is what came along with it.
 */
static bool is_relocated(const struct ffitap__elf *elf, const struct scan *scan)
{
    return !visitor || scan->visit_all || scan->position <= scan->settled ||
           (scan->asked_for >= elf->start && scan->asked_for < elf->end) || came_along(elf);
}

/* The object's entry, a new one if it was not known; NULL if there is none to be had yet. */
static struct ffitap__object *entry_of(const struct dl_phdr_info *info, struct scan *scan)
{
    const char *path = *info->dlpi_name ? ffitap__memory_intern(info->dlpi_name) : program_path();
    struct ffitap__object *object = find_known(info, path);
    struct ffitap__elf elf;

    if (object || !ffitap__elf_read(&elf, info))
        return object;
    if (is_relocated(&elf, scan))
        return add(&elf, path, scan);
    scan->skipped = true;
    return NULL;
}

static bool start_scan(const struct dl_phdr_info *info, struct scan *scan)
{
    if (info->dlpi_adds == last_adds && info->dlpi_subs == last_subs && !scan->visit_all)
        return false;
    last_adds = info->dlpi_adds;
    last_subs = info->dlpi_subs;
    if (scan->settled_subs != info->dlpi_subs)
        scan->settled = 0;
    scan->subs = info->dlpi_subs;
    scan->started = true;
    return true;
}

/*
 * The tap's lock is taken behind the dynamic linker's, which who waits for ours may hold already: a
 * program that calls a function for the first time in a callback of dl_iterate_phdr(3). It is not
 * waited for, either: fork(2) waits for it, and what the linker has locked stays so in the child.
 */
static bool lock_scan(struct scan *scan)
{
    scan->has_lock = ffitap__lock_try();
    scan->first = object_count == 0;
    return scan->has_lock;
}

static int scan_object(struct dl_phdr_info *info, size_t size, void *data)
{
    struct scan *scan = data;

    (void)size;
    if (!scan->has_lock && !lock_scan(scan))
        return 1;
    if (!scan->started && !start_scan(info, scan))
        return 1;
    scan->position++;
    /* The kernel's own, no file; its dynamic section is read-only and not relocated. */
    if (strncmp(info->dlpi_name, "linux-vdso.", 11) == 0)
        return 0;

    struct ffitap__object *object = entry_of(info, scan);

    if (!object)
        return 0;
    object->seen = true;
    if (visitor && !object->visited) {
        object->visited = true;
        visitor(object);
    }
    return 0;
}

static const char *who_needs(const struct ffitap__object *wanted)
{
    for (unsigned i = 0; i < object_count; i++) {
        const struct ffitap__object *object = &objects[i];

        if (!atomic_load_explicit(&object->mapped, memory_order_relaxed) || !object->needed)
            continue;
        for (const char **soname = object->needed; *soname; soname++)
            if (*soname == wanted->soname)
                return object->path;
    }
    return "";
}

static struct ffitap__object_event event_of(const struct ffitap__object *object)
{
    return (struct ffitap__object_event){
        .base = object->elf.start,
        .size = object->elf.end - object->elf.start,
        .path = object->path,
        .soname = object->soname,
        .build_id = object->build_id,
        .cause = object->cause,
        .needed_by = object->needed_by,
    };
}

static void report_mapped(struct ffitap__object *object)
{
    const struct ffitap__object_event event = event_of(object);

    object->reported = true;
    ffitap__function_make_way(object->elf.start, object->elf.end);
    ffitap__emit_object_mapped(&event);
    ffitap__statistics_object_mapped(&event);
}

static void report_unmapped(struct ffitap__object *object)
{
    const struct ffitap__object_event event = event_of(object);

    atomic_store_explicit(&object->mapped, false, memory_order_release);
    atomic_store_explicit(&object->end, 0, memory_order_release);
    ffitap__function_retire(object->elf.start, object->elf.end);
    ffitap__emit_object_unmapped(&event);
    ffitap__statistics_object_unmapped(&event);
}

static unsigned report_difference(const struct scan *scan)
{
    unsigned gone = 0;

    for (unsigned i = 0; i < object_count; i++) {
        struct ffitap__object *object = &objects[i];
        const bool mapped = atomic_load_explicit(&object->mapped, memory_order_relaxed);

        if (scan->started && mapped && !object->seen) {
            report_unmapped(object);
            gone++;
        } else if (mapped && !object->reported) {
            if (object->cause != FFITAP__OBJECT_ASKED_FOR && *object->soname)
                object->needed_by = who_needs(object);
            report_mapped(object);
        }
        object->seen = false;
    }
    return gone;
}

/* Takes the lock as well; false if this thread has it already. */
static bool walk(struct scan *scan)
{
    do {
        /* Until whoever holds it does not any more; lock_scan() may then be faster than others. */
        if (!ffitap__lock())
            return false;
        ffitap__unlock();
        scan->has_lock = false;
        dl_iterate_phdr(scan_object, scan);
    } while (!scan->has_lock);
    return true;
}

static unsigned update_once(struct scan *scan)
{
    if (!walk(scan))
        return 0;
    const unsigned gone = report_difference(scan);
    if (scan->skipped)
        last_adds = 0; /* whoever scans next must look again */
    ffitap__unlock();
    return gone;
}

/* dladdr(3) takes the lock that a load holds from its first object to its last constructor. */
static void wait_for_loads(void)
{
    Dl_info unused;

    dladdr((const void *)wait_for_loads, &unused);
}

/*
 * What was skipped is ready once the loads of that moment are over. The wait is without the tap's
 * lock, which a constructor may need.
 */
static unsigned update(struct scan *scan)
{
    unsigned gone = update_once(scan);

    for (int tries = 0; scan->skipped && tries < TRIES_MAX; tries++) {
        wait_for_loads();
        *scan = (struct scan){
            .asked_for = scan->asked_for,
            .settled = scan->position,
            .settled_subs = scan->subs,
        };
        gone += update_once(scan);
    }
    return gone;
}

void ffitap__object_watch(ffitap__object_visitor *new_visitor)
{
    struct scan scan = {.visit_all = true};

    visitor = new_visitor;
    update(&scan);
}

unsigned ffitap__object_update(uintptr_t asked_for)
{
    struct scan scan = {.asked_for = asked_for};

    return update(&scan);
}

/*
 * The entry may get another object while it is looked at, and half of the old place with half of
 * the new one may hold anything. The end is set last and taken away first: two equal readings of
 * it are of one object, and so is the start read between them.
 */
static bool holds(const struct ffitap__object *object, uintptr_t place)
{
    const uintptr_t end = atomic_load_explicit(&object->end, memory_order_acquire);
    const uintptr_t start = atomic_load_explicit(&object->start, memory_order_acquire);

    return place >= start && place < end &&
           end == atomic_load_explicit(&object->end, memory_order_relaxed);
}

struct ffitap__object *ffitap__object_at(const void *address)
{
    const uintptr_t place = (uintptr_t)address;

    for (unsigned i = 0; i < object_count; i++) {
        struct ffitap__object *object = &objects[i];

        if (holds(object, place))
            return object;
    }
    return NULL;
}

const char *ffitap__object_path_at(const void *address)
{
    const struct ffitap__object *object = ffitap__object_at(address);

    return object ? object->path : "";
}

const char *ffitap__object_path_of_handle(void *handle)
{
    if (handle == RTLD_DEFAULT)
        return "RTLD_DEFAULT";
    if (handle == RTLD_NEXT)
        return "RTLD_NEXT";

    /* What dlopen(3) returns is a link_map in the GNU C library: dlinfo(3), RTLD_DI_LINKMAP. */
    const struct link_map *map = handle;
    const struct ffitap__object *object = ffitap__object_at(map->l_ld);
    return object ? object->path : map->l_name;
}

void ffitap__object_describe_all(void (*tell)(const struct ffitap__object_event *event))
{
    for (unsigned i = 0; i < object_count; i++)
        if (atomic_load_explicit(&objects[i].mapped, memory_order_acquire)) {
            const struct ffitap__object_event event = event_of(&objects[i]);

            tell(&event);
        }
}
