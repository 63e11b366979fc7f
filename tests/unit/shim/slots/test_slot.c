#include "shim/slots/slot.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

struct library {
    struct ffitap__elf elf;
    struct ffitap__slot slot; /* of getppid */
    int (*ask)(void);
    const char *path;
};

static int read_if_it_is_the_one(struct dl_phdr_info *info, size_t size, void *data)
{
    struct library *library = data;

    (void)size;
    return strcmp(info->dlpi_name, library->path) == 0 && ffitap__elf_read(&library->elf, info);
}

static void keep_getppid(const struct ffitap__slot *slot, void *data)
{
    struct library *library = data;

    if (strcmp(slot->name, "getppid") == 0)
        library->slot = *slot;
}

static struct library load(const char *path)
{
    struct library library = {.path = path};
    void *handle = dlopen(path, RTLD_LAZY);

    cr_assert(handle != NULL, "%s", dlerror());
    library.ask = (int (*)(void))dlsym(handle, "ask");
    cr_assert(dl_iterate_phdr(read_if_it_is_the_one, &library));
    ffitap__slot_each(&library.elf, keep_getppid, &library);
    cr_assert(library.slot.place != NULL);
    return library;
}

static pid_t replacement(void)
{
    return 4711;
}

Test(slot, finds_what_a_slot_bound_at_load_time_leads_to)
{
    const struct library library = load(EARLY_LIBRARY);

    cr_assert(eq(ptr, ffitap__slot_target(&library.elf, &library.slot), (void *)getppid));
}

Test(slot, tells_that_a_slot_is_not_bound_yet)
{
    const struct library library = load(LAZY_LIBRARY);

    cr_assert(eq(ptr, ffitap__slot_target(&library.elf, &library.slot), NULL));
    library.ask();
    cr_assert(eq(ptr, ffitap__slot_target(&library.elf, &library.slot), (void *)getppid));
}

Test(slot, rewrites_a_slot_that_is_read_only)
{
    const struct library library = load(EARLY_LIBRARY);

    cr_assert(ffitap__slot_rewrite(&library.elf, &library.slot, (void *)replacement));
    cr_assert(eq(int, library.ask(), 4711));
}

Test(slot, rewrites_a_slot_before_its_first_call)
{
    const struct library library = load(LAZY_LIBRARY);

    cr_assert(ffitap__slot_rewrite(&library.elf, &library.slot, (void *)replacement));
    cr_assert(eq(int, library.ask(), 4711));
}

Test(slot, leaves_other_objects_alone)
{
    const struct library early = load(EARLY_LIBRARY);
    const struct library lazy = load(LAZY_LIBRARY);

    cr_assert(ffitap__slot_rewrite(&early.elf, &early.slot, (void *)replacement));
    cr_assert(eq(int, lazy.ask(), getppid()));
}
