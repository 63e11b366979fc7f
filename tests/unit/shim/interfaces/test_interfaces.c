/* What must hold of every interface in the shim's list, and which slots each leaves alone. */
#include "shim/interfaces/hook.h"

#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static const struct ffitap__interface *const interfaces[] = {
#define X(name) &ffitap__##name##_interface,
    FFITAP__INTERFACE_MAP(X)
#undef X
};
#define INTERFACE_COUNT (sizeof(interfaces) / sizeof(interfaces[0]))

static const struct ffitap__hook *find(const struct ffitap__interface *interface, const char *name)
{
    for (size_t i = 0; i < interface->hook_count; i++)
        if (strcmp(interface->hooks[i].name, name) == 0)
            return &interface->hooks[i];
    return NULL;
}

/* How many hooks have the name, among the interfaces that hook the same objects as `of`. */
static size_t count_owners(const struct ffitap__interface *of, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < INTERFACE_COUNT; i++)
        count += interfaces[i]->is_of_tracer == of->is_of_tracer && find(interfaces[i], name);
    return count;
}

Test(interfaces, each_name_belongs_to_one_of_them)
{
    for (size_t i = 0; i < INTERFACE_COUNT; i++)
        for (size_t j = 0; j < interfaces[i]->hook_count; j++)
            cr_expect(eq(sz, count_owners(interfaces[i], interfaces[i]->hooks[j].name), 1), "%s",
                      interfaces[i]->hooks[j].name);
}

Test(interfaces, each_hook_has_a_replacement_or_gets_one)
{
    for (size_t i = 0; i < INTERFACE_COUNT; i++) {
        cr_expect(gt(sz, interfaces[i]->hook_count, 0));
        for (size_t j = 0; j < interfaces[i]->hook_count; j++)
            cr_expect(interfaces[i]->hooks[j].replacement || interfaces[i]->replacement, "%s",
                      interfaces[i]->hooks[j].name);
    }
}

/* A slot of an object that has no other, and what it holds. */
struct one_slot {
    struct ffitap__object object;
    ElfW(Sym) symbol;
    void *place;
    struct ffitap__slot slot;
};

static struct one_slot *one_slot(const char *soname, bool is_variable, void *target)
{
    static struct one_slot one;

    one.object.soname = soname;
    one.place = target;
    one.slot = (struct ffitap__slot){
        .place = &one.place, .symbol = &one.symbol, .is_variable = is_variable};
    return &one;
}

static void *replacement_in(const struct ffitap__interface *interface, const char *name,
                            const struct one_slot *one)
{
    return interface->replacement(&one->object, find(interface, name), &one->slot);
}

static const struct ffitap__interface *const fd = &ffitap__fd_interface;
static const struct ffitap__interface *const exec = &ffitap__exec_interface;
static const struct ffitap__interface *const dl = &ffitap__dl_interface;
static const struct ffitap__interface *const tracer = &ffitap__tracer_interface;

Test(interfaces, descriptors_a_programs_own_variable_stays)
{
    const struct ffitap__hook *hook = find(fd, "closefrom");

    cr_assert(eq(ptr, replacement_in(fd, "closefrom", one_slot("", true, hook->real)), NULL));
    cr_assert(eq(ptr, replacement_in(fd, "closefrom", one_slot("", false, hook->real)),
                 hook->replacement));
}

Test(interfaces, exec_a_function_that_is_not_the_c_librarys_stays)
{
    static char other;
    const struct ffitap__hook *hook = find(exec, "system");

    cr_assert(eq(ptr, replacement_in(exec, "system", one_slot("", false, &other)), NULL));
    cr_assert(eq(ptr, replacement_in(exec, "system", one_slot("", false, hook->real)),
                 hook->replacement));
}

Test(interfaces, dl_a_variable_that_was_pointed_elsewhere_stays)
{
    static char other;
    struct one_slot *one = one_slot("", true, &other);

    cr_assert(dl->begin(&one->object));
    dl->note(&one->object, find(dl, "dlsym"), &one->slot);
    dl->decide(&one->object);
    cr_assert(eq(ptr, replacement_in(dl, "dlsym", one), NULL));
    one->place = find(dl, "dlsym")->real;
    cr_assert(eq(ptr, replacement_in(dl, "dlsym", one), find(dl, "dlsym")->replacement));
}

Test(interfaces, tracer_only_lttngs_library_is_touched)
{
    const struct ffitap__hook *hook = find(tracer, "write");

    cr_assert(tracer->is_of_tracer);
    cr_assert(
        eq(ptr, replacement_in(tracer, "write", one_slot("liblttng-ust-common.so.1", 0, 0)), NULL));
    cr_assert(eq(ptr, replacement_in(tracer, "write", one_slot("liblttng-ust.so.1", 0, 0)),
                 hook->replacement));
}
