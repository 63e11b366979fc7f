#include "tap/known/free_threading.h"

#include <string.h>

#include "tap/base/lock.h"
#include "tap/known/object.h"

/* Where in _PyRuntime the words of _Py_DebugOffsets stand that are needed here. Each is a number of
 * 64 bits. */
enum word {
    COOKIE,
    VERSION, /* PY_VERSION_HEX */
    FREE_THREADED,
    RUNTIME_SIZE,
    INTERPRETER_SIZE = 6,
};
static const char cookie[] = "xdebugpy";

static const struct layout {
    uint32_t version; /* without the release */
    uint8_t lock, enabled, state_size, of;
} layouts[] = {
#define X(minor, lock_word, enabled_word, state_size_word, of_word)                                \
    {.version = 3u << 8 | (minor),                                                                 \
     .lock = (lock_word),                                                                          \
     .enabled = (enabled_word),                                                                    \
     .state_size = (state_size_word),                                                              \
     .of = (of_word)},
    FFITAP__FREE_THREADING_MAP(X)
#undef X
};
#define WORDS 26u /* that are looked at */

/* No member lies further in than this. Words that say otherwise are no description. */
#define MEMBER_MAX (16u << 20)

static const struct layout *find_layout(uint64_t version)
{
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
        if (layouts[i].version == version >> 16)
            return &layouts[i];
    return NULL;
}

/* Whether a member of `size` bytes can lie there. */
static bool is_inside(uint64_t offset, uint64_t size, uint64_t whole)
{
    return whole <= MEMBER_MAX && offset < whole && size <= whole - offset;
}

static void take_members(struct ffitap__free_threading *build, const struct layout *layout,
                         const uint64_t *words)
{
    if (!is_inside(words[layout->of], sizeof(void *), words[layout->state_size]) ||
        !is_inside(words[layout->lock], sizeof(void *), words[INTERPRETER_SIZE]) ||
        !is_inside(words[layout->enabled], sizeof(int), words[INTERPRETER_SIZE]))
        return;
    build->interpreter_of_state = (uint32_t)words[layout->of];
    build->lock_of_interpreter = (uint32_t)words[layout->lock];
    build->enabled_in_lock = (uint32_t)words[layout->enabled];
    build->is_known = build->current_state;
}

bool ffitap__free_threading_read(struct ffitap__free_threading *build,
                                 const struct ffitap__free_threading_words *runtime)
{
    const uint64_t *words = runtime->words;

    if (runtime->size < WORDS * sizeof(*words) ||
        memcmp(&words[COOKIE], cookie, sizeof(words[COOKIE])) != 0 || words[FREE_THREADED] != 1)
        return false;
    const struct layout *layout = find_layout(words[VERSION]);
    if (layout && words[RUNTIME_SIZE] == runtime->size)
        take_members(build, layout, words);
    return true;
}

/*
 * A few will do: several CPythons in one process are rare, and so are CPythons that are loaded
 * again and then lie elsewhere. An entry says where things lie, and not in which object: the
 * object's place in the table of objects may have gone to another object since.
 */
static struct ffitap__free_threading builds[16];
static unsigned build_count;

/* Stands for a build of which nothing is known but that it is free-threaded, and for every further
 * build when `builds` is full. */
static const struct ffitap__free_threading unknown;

static bool are_equal(const struct ffitap__free_threading *one,
                      const struct ffitap__free_threading *other)
{
    return one->current_state == other->current_state &&
           one->interpreter_of_state == other->interpreter_of_state &&
           one->lock_of_interpreter == other->lock_of_interpreter &&
           one->enabled_in_lock == other->enabled_in_lock;
}

static const struct ffitap__free_threading *keep(const struct ffitap__free_threading *build)
{
    if (!build->is_known)
        return &unknown;
    for (unsigned i = 0; i < build_count; i++)
        if (are_equal(&builds[i], build))
            return &builds[i];
    if (build_count == sizeof(builds) / sizeof(builds[0]))
        return &unknown;
    builds[build_count] = *build;
    return &builds[build_count++];
}

/* What the object has by the name that CPython gives it. NULL if there is nothing, or if it is of
 * another type or lies partly outside of the object. */
static const void *find_symbol(const struct ffitap__elf *elf, const char *name, unsigned type,
                               uint64_t *size)
{
    const ElfW(Sym) *symbol = ffitap__elf_find(elf, name);
    const uintptr_t start = symbol ? elf->bias + symbol->st_value : 0;

    if (!symbol || ELF64_ST_TYPE(symbol->st_info) != type || start < elf->start ||
        start >= elf->end || symbol->st_size > elf->end - start)
        return NULL;
    *size = symbol->st_size;
    return (const void *)start;
}

static const struct ffitap__free_threading *read_object(const struct ffitap__elf *elf)
{
    struct ffitap__free_threading_words said;
    struct ffitap__free_threading build = {0};
    uint64_t unused;

    said.words = find_symbol(elf, "_PyRuntime", STT_OBJECT, &said.size);
    if (!said.words)
        return NULL;
    *(const void **)&build.current_state =
        find_symbol(elf, "PyThreadState_GetUnchecked", STT_FUNC, &unused);
    return ffitap__free_threading_read(&build, &said) ? keep(&build) : NULL;
}

const struct ffitap__free_threading *ffitap__free_threading_find(const void *release)
{
    if (!release || !ffitap__lock())
        return NULL;
    const struct ffitap__object *object = ffitap__object_at(release);
    const struct ffitap__free_threading *build = object ? read_object(&object->elf) : NULL;

    ffitap__unlock();
    return build;
}
