#include "tap/known/scan.h"

#include <dlfcn.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "tap/base/lock.h"
#include "tap/base/memory.h"
#include "tap/known/function.h"
#include "tap/sinks/loss.h"
#include "tap/sinks/sink.h"

#define TRIES_MAX 8 /* to find a moment without unloads */

static ffitap__object_visitor *visitor;

/* The dynamic linker's counts of what it mapped and unmapped, as of the last scan. */
static unsigned long long last_adds, last_subs;
static bool table_is_full;

/* Whether at the last scan the list held all that the dynamic linker counts. The linker also counts
 * the objects of other namespaces. */
static bool list_is_whole;

/* How many loads are under way that will be followed by an update. */
static _Atomic unsigned loads_under_way;

struct scan {
    bool has_lock;
    uintptr_t asked_for;
    bool first; /* nothing was known before: what is there came at start-up */
    bool visit_all;
    bool started;
    unsigned long long adds, subs;
    unsigned long long stayed;       /* so many at the front of the list were there before */
    unsigned position;               /* in the dynamic linker's list, which only grows at its end */
    unsigned settled;                /* so many at the front of the list are relocated, ... */
    unsigned long long settled_subs; /* ... as long as nothing was unmapped since */
    bool skipped;                    /* an object that may not be relocated yet */
    bool again;                      /* something that only another scan, at once, can tell */
};

/*
 * The path of the program. It is asked for once, so that the program keeps one path: later the file
 * may have another name or none, the program may have another root, or it may not be allowed to
 * ask.
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

/* Whether the object belongs to those that record: ffitap's or LTTng's. They are listed, because an
 * audit has to tell the truth, but told apart, because the program has not asked for them. */
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
    struct ffitap__object *object = ffitap__object_table_add(elf, path);

    if (object) {
        object->cause = cause_of(object, scan);
    } else if (!table_is_full) {
        table_is_full = true;
        ffitap__lose(FFITAP__LOST_OBJECT);
    }
    return object;
}

/* Whether the object is a dependency of one that this scan has just added. */
static bool came_along(const struct ffitap__elf *elf, const char *path)
{
    const char *soname = ffitap__memory_intern(elf->soname);
    const char *file = ffitap__object_table_file_of(path);

    for (struct ffitap__object *object = NULL; (object = ffitap__object_table_next(object));)
        if (!object->reported && ffitap__object_table_asks_for(object, soname, file))
            return true;
    return false;
}

/*
 * The list also holds what another thread is loading at this moment. The visitor must not touch
 * that: the dynamic linker is still writing to its slots, some of them by adding to what they hold.
 * What this thread's own load returned is ready, and so is what came along with it.
 */
static bool is_relocated(const struct ffitap__elf *elf, const char *path, const struct scan *scan)
{
    return !visitor || scan->visit_all || scan->position <= scan->settled ||
           (scan->asked_for >= elf->start && scan->asked_for < elf->end) || came_along(elf, path);
}

/*
 * Whether it is the dynamic linker that has put `target` where the mark was. Then it is what the
 * linker found by the name or, if the slot is not bound yet, the object's own linkage stub. Another
 * copy may be bound to something else than the last one was.
 */
static bool is_linkers(const void *target, const struct ffitap__object *object)
{
    const uintptr_t address = (uintptr_t)target;
    const struct ffitap__object *other = ffitap__object_at(target);

    return (address >= object->elf.start && address < object->elf.end) ||
           (other && ffitap__object_is_there(other) &&
            ffitap__elf_exports(&other->elf, object->mark.name, address));
}

/*
 * Whether the mark is gone because the dynamic linker has written a fresh value to its place. If
 * something else stands there, the copy is not relocated yet, or somebody has put another value in
 * place of ours; in the second case the mark is given up.
 */
static bool has_lost_mark(struct ffitap__object *object, struct scan *scan)
{
    struct ffitap__object_mark *mark = &object->mark;
    const void *now = mark->place ? __atomic_load_n(mark->place, __ATOMIC_RELAXED) : mark->after;

    if (now == mark->after)
        return false;
    if (now == mark->before || is_linkers(now, object))
        return true;
    if (is_relocated(&object->elf, object->path, scan))
        mark->place = NULL;
    else
        scan->skipped = true;
    return false;
}

/*
 * Whether another copy of the file, or of another file by the same name, has come to lie just where
 * the known object was. That happens if the known one was unloaded by a dlclose(3) that the tap was
 * not told of, for example through a pointer that dlsym(3) gave.
 */
static bool is_another(struct ffitap__object *object, const struct dl_phdr_info *info,
                       struct scan *scan)
{
    return !ffitap__elf_is_of_same_file(&object->elf, info) || has_lost_mark(object, scan);
}

static struct ffitap__object *add_if_relocated(const struct dl_phdr_info *info, const char *name,
                                               struct scan *scan)
{
    const char *path = ffitap__memory_intern(name);
    struct ffitap__elf elf;

    if (!ffitap__elf_read(&elf, info))
        return NULL;
    if (is_relocated(&elf, path, scan))
        return add(&elf, path, scan);
    scan->skipped = true;
    return NULL;
}

/* The object's entry, a new one if the object was not known; NULL if it can have none yet. */
static struct ffitap__object *entry_of(const struct dl_phdr_info *info, struct scan *scan)
{
    const char *name = *info->dlpi_name ? info->dlpi_name : program_path();
    struct ffitap__object *object = ffitap__object_table_find(info->dlpi_addr, name);

    if (!object)
        return add_if_relocated(info, name, scan);
    if (scan->position <= scan->stayed || !is_another(object, info, scan))
        return object;
    /* The old object is reported as gone first; the new one gets its entry in the next scan. */
    scan->again = true;
    return NULL;
}

/*
 * How many objects at the front of the list were there at the last scan. New ones are at the end of
 * the list, and can be no more than were added since that scan. Only those are looked at closely,
 * because looking at all of them would mean reading something of each object every time.
 */
static unsigned long long count_stayed(const struct dl_phdr_info *info)
{
    return list_is_whole && last_adds > info->dlpi_subs ? last_adds - info->dlpi_subs : 0;
}

static bool start_scan(const struct dl_phdr_info *info, struct scan *scan)
{
    if (info->dlpi_adds == last_adds && info->dlpi_subs == last_subs && !scan->visit_all)
        return false;
    scan->stayed = count_stayed(info);
    last_adds = info->dlpi_adds;
    last_subs = info->dlpi_subs;
    if (scan->settled_subs != info->dlpi_subs)
        scan->settled = 0;
    scan->adds = info->dlpi_adds;
    scan->subs = info->dlpi_subs;
    scan->started = true;
    return true;
}

/*
 * The tap's lock is taken in here, after the dynamic linker's. It cannot be the other way round: a
 * thread that waits for ours may hold the linker's already, if a program calls a function for the
 * first time in a callback of dl_iterate_phdr(3). This code does not wait for the tap's lock
 * either. Fork(2) takes that lock, so the process could fork while this thread waits with the
 * linker's lock held, and the linker's lock would stay locked in the child for ever.
 */
static bool lock_scan(struct scan *scan)
{
    scan->has_lock = ffitap__lock_try();
    scan->first = !ffitap__object_table_next(NULL);
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
    /*
     * The vDSO is the kernel's own and no file. Its dynamic section is read-only and not relocated.
     */
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
    for (struct ffitap__object *object = NULL; (object = ffitap__object_table_next(object));)
        if (ffitap__object_table_asks_for(object, wanted->soname, wanted->file))
            return object->path;
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
    ffitap__tell_object_mapped(&event);
}

static void report_unmapped(struct ffitap__object *object)
{
    const struct ffitap__object_event event = event_of(object);

    ffitap__object_table_remove(object);
    ffitap__function_retire(object->elf.start, object->elf.end);
    ffitap__tell_object_unmapped(&event);
}

static unsigned report_gone(void)
{
    unsigned gone = 0;

    for (struct ffitap__object *object = NULL; (object = ffitap__object_table_next(object));) {
        gone += !object->seen;
        if (!object->seen)
            report_unmapped(object);
        object->seen = false;
    }
    return gone;
}

static void report_new(void)
{
    for (struct ffitap__object *object = NULL; (object = ffitap__object_table_next(object));) {
        if (object->reported)
            continue;
        if (object->cause != FFITAP__OBJECT_ASKED_FOR)
            object->needed_by = who_needs(object);
        /* No object needs it. So it was asked for, by another thread or by a load that the tap was
         * not told of. */
        if (object->cause == FFITAP__OBJECT_DEPENDENCY && !*object->needed_by)
            object->cause = FFITAP__OBJECT_ASKED_FOR;
        report_mapped(object);
    }
}

/* Objects that have gone are reported first, because a new object may lie where one of them lay. */
static unsigned report_difference(const struct scan *scan)
{
    const unsigned gone = scan->started ? report_gone() : 0;

    report_new();
    return gone;
}

/* Goes through the list, and keeps the tap's lock. False if this thread has the lock already. */
static bool walk(struct scan *scan)
{
    do {
        /* Waits, without the dynamic linker's lock, until the tap's is free. Then lock_scan() may
         * get it before others do. */
        if (!ffitap__lock())
            return false;
        ffitap__unlock();
        scan->has_lock = false;
        dl_iterate_phdr(scan_object, scan);
    } while (!scan->has_lock);
    return true;
}

/* A scan knows only at its end whether it was right to trust the counts. */
static void check_counts(struct scan *scan)
{
    list_is_whole = scan->position == scan->adds - scan->subs;
    scan->again |= scan->stayed && !list_is_whole;
}

static unsigned update_once(struct scan *scan)
{
    if (!walk(scan))
        return 0;
    if (scan->started)
        check_counts(scan);
    const unsigned gone = report_difference(scan);
    if (scan->skipped || scan->again)
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
 * Whether to wait for loads that are under way. If the tap knows of such a load, the update that
 * follows it sees to what it brings. Waiting for that load would mean waiting for its constructors,
 * and these may wait for something that this thread does next.
 */
static bool shall_wait(const struct scan *scan)
{
    return scan->skipped && !atomic_load(&loads_under_way);
}

/* Objects that were skipped are ready once the loads of that moment are over; the tap was not told
 * of those loads. The tap's lock is not held during the wait, because a constructor may need it. */
static unsigned update(struct scan *scan)
{
    unsigned gone = update_once(scan);

    for (int tries = 0; (scan->again || shall_wait(scan)) && tries < TRIES_MAX; tries++) {
        struct scan next = {.asked_for = scan->asked_for};

        if (shall_wait(scan)) {
            wait_for_loads();
            next.settled = scan->position;
            next.settled_subs = scan->subs;
        }
        *scan = next;
        gone += update_once(scan);
    }
    return gone;
}

void ffitap__object_load_begins(void)
{
    atomic_fetch_add(&loads_under_way, 1);
}

/* The count must not go below 0: in a child of fork(2) a load may end that began in the parent,
 * before the child's count was set to 0. */
void ffitap__object_load_is_over(void)
{
    unsigned count = atomic_load(&loads_under_way);

    while (count && !atomic_compare_exchange_weak(&loads_under_way, &count, count - 1))
        ;
}

void ffitap__object_start_child(void)
{
    atomic_store(&loads_under_way, 0);
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

void ffitap__object_describe_all(void (*tell)(const struct ffitap__object_event *event))
{
    for (struct ffitap__object *object = NULL; (object = ffitap__object_table_next(object));) {
        const struct ffitap__object_event event = event_of(object);

        tell(&event);
    }
}
