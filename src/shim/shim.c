/*
 * The shim: preloaded into an unmodified process, it puts the tap on its loads, lookups and foreign
 * calls by rewriting the relocation slots of every object, now and whenever one is loaded.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "shim/interfaces/dl.h"
#include "shim/interfaces/hook.h"
#include "tap/layout.h"
#include "tap/sinks/loss.h"

static const struct ffitap__interface *const interfaces[] = {
#define X(name) &ffitap__##name##_interface,
    FFITAP__INTERFACE_MAP(X)
#undef X
};
#define INTERFACE_COUNT (sizeof(interfaces) / sizeof(interfaces[0]))

static bool hooks_object(const struct ffitap__interface *interface,
                         const struct ffitap__object *object)
{
    return interface->is_of_tracer == (object->cause == FFITAP__OBJECT_TRACER);
}

/* First letters are compared first, because most names are none of the interface's. */
static const struct ffitap__hook *find_hook(const struct ffitap__interface *interface,
                                            const char *name)
{
    for (size_t i = 0; i < interface->hook_count; i++)
        if (*name == *interface->hooks[i].name && strcmp(name, interface->hooks[i].name) == 0)
            return &interface->hooks[i];
    return NULL;
}

/* The interface that a slot of this name belongs to, and what it has for the name; NULL if none. */
static const struct ffitap__interface *find_interface(const struct ffitap__object *object,
                                                      const char *name,
                                                      const struct ffitap__hook **hook)
{
    for (size_t i = 0; i < INTERFACE_COUNT; i++)
        if (hooks_object(interfaces[i], object) && (*hook = find_hook(interfaces[i], name)))
            return interfaces[i];
    return NULL;
}

static bool begin(struct ffitap__object *object)
{
    for (size_t i = 0; i < INTERFACE_COUNT; i++)
        if (hooks_object(interfaces[i], object) && interfaces[i]->begin &&
            !interfaces[i]->begin(object))
            return false;
    return true;
}

static void note(const struct ffitap__slot *slot, void *data)
{
    const struct ffitap__object *object = data;
    const struct ffitap__hook *hook = NULL;
    const struct ffitap__interface *interface = find_interface(object, slot->name, &hook);

    if (interface && interface->note)
        interface->note(object, hook, slot);
}

static void decide(struct ffitap__object *object)
{
    for (size_t i = 0; i < INTERFACE_COUNT; i++)
        if (hooks_object(interfaces[i], object) && interfaces[i]->decide)
            interfaces[i]->decide(object);
}

static void *find_replacement(const struct ffitap__object *object, const struct ffitap__slot *slot)
{
    const struct ffitap__hook *hook = NULL;
    const struct ffitap__interface *interface = find_interface(object, slot->name, &hook);

    if (!interface)
        return NULL;
    return interface->replacement ? interface->replacement(object, hook, slot) : hook->replacement;
}

/* Whether the slot is a variable that holds no function. The program means something by that, and
 * so the variable stays as it is. */
static bool is_empty(const struct ffitap__object *object, const struct ffitap__slot *slot)
{
    return slot->is_variable && !ffitap__slot_target(&object->elf, slot);
}

/* Sets the object's mark, preferably at a slot that is no variable, because the program does not
 * write there. */
static void set_mark(struct ffitap__object *object, const struct ffitap__slot *slot,
                     const void *before, const void *after)
{
    if (before != after && (!slot->is_variable || !object->mark.place))
        object->mark = (struct ffitap__object_mark){slot->place, before, after, slot->name};
}

/* An object that is being hooked. */
struct hooked {
    struct ffitap__object *object;
    bool has_refused; /* to let one of its slots be rewritten */
};

static void rewrite(const struct ffitap__slot *slot, void *data)
{
    struct hooked *hooked = data;
    void *replacement = find_replacement(hooked->object, slot);

    if (!replacement || is_empty(hooked->object, slot))
        return;
    const void *before = __atomic_load_n(slot->place, __ATOMIC_RELAXED);
    if (!ffitap__slot_rewrite(&hooked->object->elf, slot, replacement))
        hooked->has_refused = true;
    else
        set_mark(hooked->object, slot, before, replacement);
}

/* The program's calls through this object are not seen. None go through a tracer's object. */
static void lose(const struct ffitap__object *object)
{
    if (object->cause != FFITAP__OBJECT_TRACER)
        ffitap__lose(FFITAP__LOST_OBJECT);
}

static void hook_object(struct ffitap__object *object)
{
    struct hooked hooked = {.object = object};

    if (!begin(object)) {
        lose(object);
        return;
    }
    ffitap__slot_each(&object->elf, note, object);
    decide(object);
    ffitap__slot_each(&object->elf, rewrite, &hooked);
    if (hooked.has_refused)
        lose(object);
}

static void tell_loaded(const void *address)
{
    for (size_t i = 0; i < INTERFACE_COUNT; i++)
        if (interfaces[i]->loaded)
            interfaces[i]->loaded(address);
}

static void start_child(void)
{
    for (size_t i = 0; i < INTERFACE_COUNT; i++)
        if (interfaces[i]->start_child)
            interfaces[i]->start_child();
}

FFITAP__LAYOUT_STAMP static const uint64_t layout = FFITAP__LAYOUT;

static void hook_everything(void)
{
    for (size_t i = 0; i < INTERFACE_COUNT; i++)
        if (interfaces[i]->start)
            interfaces[i]->start();
    pthread_atfork(NULL, NULL, start_child);
    ffitap__dl_tell_loads(tell_loaded);
    ffitap__object_watch(hook_object);
    tell_loaded(NULL);
}

/*
 * The shim's only constructor: before an object is hooked, all that its hooks need is ready.
 * With a tap of another build nothing is hooked, and the tap is told nothing but that calls are not
 * seen.
 */
__attribute__((constructor)) static void start(void)
{
    const int saved = errno;

    if (ffitap__layout_agrees())
        hook_everything();
    else
        ffitap__layout_refuse();
    /* LTTng's start-up leaves an error, which the program would take for one of its own. */
    dlerror();
    errno = saved;
}
