/* Commands about libraries and loaders. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "../recorder.h"
#include "case.h"

/* The words after a library: a kind, modes, flags. */
static const struct word {
    const char *name;
    int mode;
    unsigned flag;
    enum ffitap_library_kind kind;
} words[] = {
    {"local", FFITAP_RTLD_LOCAL, 0, FFITAP_CDLL},
    {"global", FFITAP_RTLD_GLOBAL, 0, FFITAP_CDLL},
    {"default", FFITAP_DEFAULT_MODE, 0, FFITAP_CDLL},
    {"lazy", RTLD_LAZY, 0, FFITAP_CDLL},
    {"noload", RTLD_NOLOAD, 0, FFITAP_CDLL},
    {"nodelete", RTLD_NODELETE, 0, FFITAP_CDLL},
    {"use_errno", 0, FFITAP_USE_ERRNO, FFITAP_CDLL},
    {"use_last_error", 0, FFITAP_USE_LAST_ERROR, FFITAP_CDLL},
    {"cdll", 0, 0, FFITAP_CDLL},
    {"pydll", 0, 0, FFITAP_PYDLL},
    {"windll", 0, 0, FFITAP_WINDLL},
};

static struct word find_word(const char *name)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (strcmp(words[i].name, name) == 0)
            return words[i];
    }
    return (struct word){.mode = (int)strtol(name, NULL, 0)};
}

static struct word read_options(const struct step *step, size_t from)
{
    struct word options = {.mode = FFITAP_DEFAULT_MODE};

    for (size_t i = from; i < step->count; i++) {
        const struct word word = find_word(step->words[i]);

        options.mode |= word.mode;
        options.flag |= word.flag;
        options.kind = word.kind ? word.kind : options.kind;
    }
    return options;
}

static void add_library(const struct step *step, enum ffitap_status status,
                        const struct ffitap_error *error, struct ffitap_library *library,
                        bool is_borrowed)
{
    if (status != FFITAP_OK) {
        refuse(step->out, status, error);
        return;
    }
    struct thing *thing = thing_add(step->words[0], LIBRARY);
    thing->library = library;
    thing->is_borrowed = is_borrowed;
}

void do_load(const struct step *step)
{
    const struct word options = read_options(step, 2);
    struct ffitap_library *library = NULL;
    struct ffitap_error error = {0};
    const enum ffitap_status status = ffitap_library_create(
        path_of(step->words[1]), options.kind, options.mode, options.flag, &library, &error);

    add_library(step, status, &error, library, false);
}

static void *find_handle(const char *name)
{
    if (strcmp(name, "NULL") == 0)
        return RTLD_DEFAULT;
    if (strcmp(name, "NEXT") == 0)
        return RTLD_NEXT;
    return ffitap_library_get_handle(thing_get(name, LIBRARY)->library);
}

void do_adopt(const struct step *step)
{
    const struct word options = read_options(step, 3);
    void *handle = find_handle(step->words[2]);
    struct ffitap_library *library = NULL;
    struct ffitap_error error = {0};
    const enum ffitap_status status = ffitap_library_adopt(
        path_of(step->words[1]), handle, options.kind, options.flag, &library, &error);

    add_library(step, status, &error, library, false);
}

void do_name(const struct step *step)
{
    const char *name = ffitap_library_borrow_name(thing_get(step->words[0], LIBRARY)->library);

    fputs(!name ? "NULL" : *name ? name : "\"\"", step->out);
}

void do_kind(const struct step *step)
{
    const struct ffitap_library *library = thing_get(step->words[0], LIBRARY)->library;
    const unsigned flags = ffitap_library_get_flags(library);

    static const char *const names[] = {
        [FFITAP_CDLL] = "cdll", [FFITAP_PYDLL] = "pydll", [FFITAP_WINDLL] = "windll"};

    fputs(names[ffitap_library_get_kind(library)], step->out);
    fputs(flags & FFITAP_USE_ERRNO ? " use_errno" : "", step->out);
    fputs(flags & FFITAP_USE_LAST_ERROR ? " use_last_error" : "", step->out);
}

void do_mode(const struct step *step)
{
    fprintf(step->out, "0x%x", (unsigned)find_word(step->words[0]).mode);
}

void do_same_handle(const struct step *step)
{
    const void *one = ffitap_library_get_handle(thing_get(step->words[0], LIBRARY)->library);
    const void *other = ffitap_library_get_handle(thing_get(step->words[1], LIBRARY)->library);

    fputs(one == other ? "same" : "different", step->out);
}

void do_loads(const struct step *step)
{
    fprintf(step->out, "%d", recorder_count_loads(path_of(step->words[0])));
}

void do_mode_of(const struct step *step)
{
    const char *path = path_of(step->words[0]);

    fprintf(step->out, "0x%x", (unsigned)recorder_get_mode(path ? path : "NULL"));
}

void do_lookups(const struct step *step)
{
    fprintf(step->out, "%d", recorder_count_lookups(step->words[0]));
}

void do_loader(const struct step *step)
{
    struct thing *thing = thing_add(step->words[0], LOADER);

    thing->loader = strcmp(step->words[1], "pydll") == 0 ? ffitap_pydll() : ffitap_cdll();
    thing->is_borrowed = true;
}

void do_new_loader(const struct step *step)
{
    struct ffitap_loader *loader = NULL;
    struct ffitap_error error = {0};
    const enum ffitap_status status = ffitap_loader_create(find_word(step->words[1]).kind,
                                                           FFITAP_DEFAULT_MODE, 0, &loader, &error);

    if (status == FFITAP_OK)
        thing_add(step->words[0], LOADER)->loader = loader;
    else
        refuse(step->out, status, &error);
}

void do_attribute(const struct step *step)
{
    struct ffitap_loader *loader = thing_get(step->words[1], LOADER)->loader;
    struct ffitap_library *library = NULL;
    struct ffitap_error error = {0};
    const enum ffitap_status status =
        ffitap_loader_borrow_library(loader, path_of(step->words[2]), &library, &error);

    add_library(step, status, &error, library, true);
}

void do_load_library(const struct step *step)
{
    struct ffitap_loader *loader = thing_get(step->words[1], LOADER)->loader;
    struct ffitap_library *library = NULL;
    struct ffitap_error error = {0};
    const enum ffitap_status status =
        ffitap_loader_load_library(loader, path_of(step->words[2]), &library, &error);

    add_library(step, status, &error, library, false);
}
