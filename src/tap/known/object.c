#include "tap/known/object.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "tap/base/lock.h"
#include "tap/base/memory.h"

static struct ffitap__object objects[FFITAP__OBJECT_MAX];
static _Atomic unsigned object_count; /* entries that were ever used */

static bool is_mapped(const struct ffitap__object *object)
{
    return atomic_load_explicit(&object->mapped, memory_order_relaxed);
}

struct ffitap__object *ffitap__object_table_next(const struct ffitap__object *object)
{
    for (unsigned i = object ? (unsigned)(object - objects) + 1 : 0; i < object_count; i++)
        if (is_mapped(&objects[i]))
            return &objects[i];
    return NULL;
}

/*
 * The search begins behind the object that was found last. Objects are asked for in the order of
 * the dynamic linker's list, which is mostly the table's order too, because the table was filled
 * from that list.
 */
struct ffitap__object *ffitap__object_table_find(uintptr_t bias, const char *path)
{
    static unsigned last;
    const unsigned count = object_count;

    for (unsigned tried = 0, i = last; tried < count; tried++) {
        i = i + 1 < count ? i + 1 : 0;
        if (is_mapped(&objects[i]) && objects[i].elf.bias == bias &&
            strcmp(objects[i].path, path) == 0) {
            last = i;
            return &objects[i];
        }
    }
    return NULL;
}

/*
 * A free entry, if possible one that held this very object before. Loading and unloading libraries
 * for days must not use the table up, nor memory: an entry keeps what it has for the next object.
 */
static struct ffitap__object *free_entry(const char *path)
{
    struct ffitap__object *free_one = NULL;

    for (unsigned i = 0; i < object_count; i++) {
        if (is_mapped(&objects[i]))
            continue;
        if (objects[i].path == path)
            return &objects[i];
        if (!free_one)
            free_one = &objects[i];
    }
    if (free_one)
        return free_one;
    return object_count < FFITAP__OBJECT_MAX ? &objects[object_count++] : NULL;
}

const char *ffitap__object_table_file_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return ffitap__memory_intern(slash ? slash + 1 : path);
}

static const char *hexadecimal(const uint8_t *bytes, size_t size)
{
    char text[2 * FFITAP__BUILD_ID_MAX + 1] = "";

    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return ffitap__memory_intern(text);
}

static size_t count_needed(const struct ffitap__elf *elf)
{
    size_t count = 0;

    for (const ElfW(Dyn) *entry = elf->dynamic; entry->d_tag != DT_NULL; entry++)
        count += entry->d_tag == DT_NEEDED;
    return count;
}

/* Reads which libraries the object needs, into the list that the entry has from another object if
 * that has room. */
static void read_needed(struct ffitap__object *object, const struct ffitap__elf *elf)
{
    const size_t count = count_needed(elf);
    const char **needed = object->needed;

    if (count > object->needed_room) {
        needed = ffitap__memory_keep((count + 1) * sizeof(*needed));
        if (needed) {
            object->needed = needed;
            object->needed_room = count;
        }
    }
    for (const ElfW(Dyn) *entry = elf->dynamic; needed && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_NEEDED)
            *needed++ = ffitap__object_table_file_of(elf->strings + entry->d_un.d_val);
    if (needed)
        *needed = NULL;
    else if (object->needed)
        *object->needed = NULL;
}

struct ffitap__object *ffitap__object_table_add(const struct ffitap__elf *elf, const char *path)
{
    struct ffitap__object *object = free_entry(path);
    if (!object)
        return NULL;

    const char *build_id = hexadecimal(elf->build_id, elf->build_id_size);
    if (object->path != path || object->build_id != build_id || !*build_id)
        read_needed(object, elf);
    object->elf = *elf;
    object->path = path;
    object->soname = ffitap__memory_intern(elf->soname);
    object->file = ffitap__object_table_file_of(path);
    object->build_id = build_id;
    object->mark.place = NULL;
    object->notes = NULL;
    object->needed_by = "";
    object->seen = object->reported = object->visited = false;
    atomic_store_explicit(&object->start, elf->start, memory_order_release);
    atomic_store_explicit(&object->end, elf->end, memory_order_release);
    atomic_store_explicit(&object->mapped, true, memory_order_release);
    return object;
}

void ffitap__object_table_remove(struct ffitap__object *object)
{
    atomic_store_explicit(&object->mapped, false, memory_order_release);
    atomic_store_explicit(&object->end, 0, memory_order_release);
}

bool ffitap__object_table_asks_for(const struct ffitap__object *object, const char *soname,
                                   const char *file)
{
    for (const char **needed = object->needed; needed && *needed; needed++)
        if (*needed == soname || *needed == file)
            return true;
    return false;
}

static bool reaches(struct ffitap__object *object, const char *path)
{
    if (object->reached)
        return false;
    object->reached = true;
    if (object->path == path)
        return true;
    for (struct ffitap__object *other = NULL; (other = ffitap__object_table_next(other));)
        if (ffitap__object_table_asks_for(object, other->soname, other->file) &&
            reaches(other, path))
            return true;
    return false;
}

bool ffitap__object_needs(const void *address, const char *path)
{
    if (!ffitap__lock())
        return false;
    for (struct ffitap__object *object = NULL; (object = ffitap__object_table_next(object));)
        object->reached = false;

    struct ffitap__object *object = ffitap__object_at(address);
    const bool needs = object && reaches(object, path);

    ffitap__unlock();
    return needs;
}

/*
 * The entry may get another object while it is looked at. The start of the old one and the end of
 * the new one together could hold any address. So the end is set last and taken away first: if the
 * end reads the same twice, both readings are of one object, and so is the start that was read
 * between them.
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

bool ffitap__object_is_there(const struct ffitap__object *object)
{
    struct dl_find_object found;

    return _dl_find_object((void *)object->elf.dynamic, &found) == 0 &&
           found.dlfo_link_map->l_ld == object->elf.dynamic;
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
