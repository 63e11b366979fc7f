/*
 * The shim: preloaded into an unmodified process, it puts the tap on its loads, lookups and foreign
 * calls by rewriting the relocation slots of every object, now and whenever one is loaded.
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/caller.h"
#include "shim/hook.h"
#include "shim/runtimes.h"
#include "tap/emit.h"
#include "tap/memory.h"
#include "tap/tap.h"

/* The slots of one object that are to be hooked. */
struct plan {
    struct ffitap__object *object;
    struct ffitap__dl_notes *notes;
    struct ffitap__ffi_import imports[FFITAP__FFI_COUNT];
    void *const *ffi_hooks;
    bool refused;
};

static int dl_index(const char *name)
{
    if (name[0] != 'd' || name[1] != 'l')
        return -1;
    for (int i = 0; i < FFITAP__DL_COUNT; i++)
        if (strcmp(name, ffitap__dl_hooks[i].name) == 0)
            return i;
    return -1;
}

static void *fd_replacement(const struct ffitap__slot *slot)
{
    for (int i = 0; i < FFITAP__FD_COUNT; i++)
        if (!slot->is_variable && strcmp(slot->name, ffitap__fd_hooks[i].name) == 0)
            return ffitap__fd_hooks[i].replacement;
    return NULL;
}

static const struct ffitap__hook *find_exec(const char *name)
{
    if (!strchr("efps", *name))
        return NULL;
    for (int i = 0; i < FFITAP__EXEC_COUNT; i++)
        if (strcmp(name, ffitap__exec_hooks[i].name) == 0)
            return &ffitap__exec_hooks[i];
    return NULL;
}

static bool is_in_program(const void *function)
{
    const struct ffitap__object *object = ffitap__object_at(function);
    const uintptr_t headers = getauxval(AT_PHDR);

    return object && headers >= object->elf.start && headers < object->elf.end;
}

/*
 * Only where the C library's own function would be called, or that of a library in its place: a
 * program's own "system" may be anything. What is not bound yet will be one of these.
 */
static void *exec_replacement(const struct plan *plan, const struct ffitap__slot *slot)
{
    const struct ffitap__hook *hook = find_exec(slot->name);
    const void *target = hook ? ffitap__slot_target(&plan->object->elf, slot) : NULL;

    if (!hook || slot->symbol->st_shndx != SHN_UNDEF || (target && target != hook->real) ||
        is_in_program(hook->real))
        return NULL;
    return hook->replacement;
}

static void note_originals(const struct ffitap__slot *slot, void *data)
{
    struct plan *plan = data;
    void *target = ffitap__slot_target(&plan->object->elf, slot);
    const int dl = dl_index(slot->name);
    const char *name = NULL;
    const int ffi = ffitap__ffi_find(slot->name, &name);

    if (dl >= 0 && !slot->is_variable)
        plan->notes->original[dl] = target;
    if (ffi >= 0 && (!slot->is_variable || !plan->imports[ffi].target))
        plan->imports[ffi] = (struct ffitap__ffi_import){.name = name, .target = target};
}

/* A constructor may have pointed its own variable elsewhere before we came: that must stay. */
static bool is_theirs(const struct plan *plan, const struct ffitap__slot *slot, int dl)
{
    const void *target = ffitap__slot_target(&plan->object->elf, slot);

    if (!slot->is_variable)
        return false;
    return !target ||
           (dl >= 0 && target != ffitap__dl_hooks[dl].real && target != plan->notes->original[dl]);
}

static void *ffi_replacement(const struct plan *plan, const char *name)
{
    const char *known = NULL;
    const int ffi = plan->ffi_hooks ? ffitap__ffi_find(name, &known) : -1;

    return ffi >= 0 && plan->imports[ffi].name == known ? plan->ffi_hooks[ffi] : NULL;
}

/* Best where the program has no business. */
static void set_mark(struct ffitap__object *object, const struct ffitap__slot *slot,
                     const void *before, const void *after)
{
    if (before != after && (!slot->is_variable || !object->mark.place))
        object->mark = (struct ffitap__object_mark){slot->place, before, after, slot->name};
}

static void rewrite(const struct ffitap__slot *slot, void *data)
{
    struct plan *plan = data;
    const int dl = dl_index(slot->name);
    void *replacement =
        dl >= 0 ? ffitap__dl_hooks[dl].replacement : ffi_replacement(plan, slot->name);

    if (!replacement)
        replacement = fd_replacement(slot);
    if (!replacement)
        replacement = exec_replacement(plan, slot);
    if (!replacement || is_theirs(plan, slot, dl))
        return;
    const void *before = __atomic_load_n(slot->place, __ATOMIC_RELAXED);
    if (!ffitap__slot_rewrite(&plan->object->elf, slot, replacement))
        plan->refused = true;
    else
        set_mark(plan->object, slot, before, replacement);
}

/* As write(2), but no place where a thread that was cancelled ends. */
static ssize_t write_all_the_same(int fd, const void *bytes, size_t size)
{
    return syscall(SYS_write, fd, bytes, size);
}

static bool is_forked_child;

static void start_child(void)
{
    is_forked_child = true;
    ffitap__fd_guard_this_process();
}

/* As dlopen(3), but a child has what its parent loaded. Only whether it is NULL is looked at. */
static void *load_in_parent(const char *name, int mode)
{
    if (is_forked_child && name && strncmp(name, "liblttng-ust.so", 15) == 0)
        return &is_forked_child;
    return dlopen(name, mode);
}

/* As dl_iterate_phdr(3), but a child tells nothing of what its parent had mapped: nobody asks. */
static int walk_in_parent(int (*visit)(struct dl_phdr_info *info, size_t size, void *data),
                          void *data)
{
    return is_forked_child ? 0 : dl_iterate_phdr(visit, data);
}

static void hook_tracers_slot(const struct ffitap__slot *slot, void *data)
{
    const struct ffitap__object *object = data;

    if (strcmp(slot->name, "write") == 0)
        ffitap__slot_rewrite(&object->elf, slot, (void *)write_all_the_same);
    if (strcmp(slot->name, "dlopen") == 0)
        ffitap__slot_rewrite(&object->elf, slot, (void *)load_in_parent);
    if (strcmp(slot->name, "dl_iterate_phdr") == 0)
        ffitap__slot_rewrite(&object->elf, slot, (void *)walk_in_parent);
}

/*
 * LTTng writes to a pipe when a buffer is full, in the middle of an event. pthread_cancel(3) would
 * take effect there, in a thread that otherwise passed no such place: half an event would stay in
 * the buffer, and the recording wait for the other half.
 *
 * And in each forked child it loads itself anew and walks through what is mapped. If another thread
 * was loading something when that was forked, the dynamic linker finds its list half changed there,
 * and ends the process; if that had it locked, the child waits for ever.
 */
static void hook_tracer(struct ffitap__object *object)
{
    if (strncmp(object->soname, "liblttng-ust.so", 15) == 0)
        ffitap__slot_each(&object->elf, hook_tracers_slot, object);
}

static void hook_object(struct ffitap__object *object)
{
    struct plan plan = {.object = object};

    if (object->cause == FFITAP__OBJECT_TRACER) {
        hook_tracer(object);
        return;
    }
    if (!object->room)
        object->room = ffitap__memory_keep(sizeof(*plan.notes));
    plan.notes = object->room;
    if (!plan.notes) {
        ffitap__tap_lose(FFITAP__LOST_OBJECT);
        return;
    }
    *plan.notes = (struct ffitap__dl_notes){
        .return_site = ffitap__caller_return_site(&object->elf),
    };
    ffitap__slot_each(&object->elf, note_originals, &plan);
    object->notes = plan.notes;
    /* Others that ask for errno before a call mean the thread's: there is nothing to exchange. */
    if (!ffitap__runtimes_find(object->path).exchanges_errno)
        plan.imports[FFITAP__FFI_ERRNO].name = NULL;
    plan.ffi_hooks = ffitap__ffi_enlist(object, plan.imports);
    ffitap__slot_each(&object->elf, rewrite, &plan);
    if (plan.refused)
        ffitap__tap_lose(FFITAP__LOST_OBJECT);
}

/* The library's only constructor: before an object is hooked, all that its hooks need is ready. */
__attribute__((constructor)) static void start(void)
{
    const int saved = errno;

    ffitap__fd_guard_this_process();
    pthread_atfork(NULL, NULL, start_child);
    ffitap__object_watch(hook_object);
    ffitap__ffi_make_ready(NULL);
    /* LTTng's start-up leaves an error, which the program would take for one of its own. */
    dlerror();
    errno = saved;
}
