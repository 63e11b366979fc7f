#include "case.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../recorder.h"

const char *case_directory;
int *case_current;

static struct thing *things;

static const struct command {
    const char *name;
    void (*run)(const struct step *step);
    size_t words;
} commands[] = {
#define X(command, words) {#command, do_##command, words},
    COMMANDS(X)
#undef X
};

static const struct command *find_command(const struct line *line)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
        if (strcmp(line->words[0], commands[i].name) == 0 && line->count > commands[i].words)
            return &commands[i];
    }
    table_error(line->number, "no such command, or too few words: %s", line->words[0]);
}

static void run_line(const struct line *line, struct frame *frame)
{
    const struct command *command = find_command(line);
    char *outcome = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&outcome, &size);
    const struct step step = {line, line->words + 1, line->count - 1, frame, out};

    *case_current = line->number;
    command->run(&step);
    fclose(out);
    recorder_say(line->number, *outcome ? outcome : "ok");
    free(outcome);
}

/* Runs a block's lines. In a callback errno belongs to the code that is tested, which must not see
 * what the harness itself does to errno. */
void case_run(const struct line *parent, struct frame *frame)
{
    const int saved = errno;

    for (size_t i = 0; i < parent->body_count; i++)
        run_line(&parent->body[i], frame);
    errno = saved;
}

void case_say_entered(const struct line *line, const struct frame *frame)
{
    const int saved = errno;
    char *outcome = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&outcome, &size);

    fputs("entered with (", out);
    for (size_t i = 0; i < frame->count; i++) {
        fputs(i ? ", " : "", out);
        value_show(out, frame->arguments[i].kind, frame->arguments[i].bytes);
    }
    fputc(')', out);
    if (frame->result.kind) {
        fputs(" result ", out);
        value_show(out, frame->result.kind, frame->result.bytes);
    }
    fclose(out);
    recorder_say(line->number, outcome);
    free(outcome);
    errno = saved;
}

void refuse(FILE *out, enum ffitap_status status, const struct ffitap_error *error)
{
    static const struct {
        enum ffitap_status status;
        const char *words;
    } words[] = {
        {FFITAP_LOAD_FAILED, "load failed"},     {FFITAP_NOT_FOUND, "not found"},
        {FFITAP_BAD_TYPE, "bad type"},           {FFITAP_CALL_FAILED, "call failed"},
        {FFITAP_BAD_ARGUMENT, "bad argument"},   {FFITAP_NO_MEMORY, "no memory"},
        {FFITAP_NOT_SUPPORTED, "not supported"},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (words[i].status == status)
            fprintf(out, "%s: %s", words[i].words, error->text);
    }
}

const char *path_of(const char *name)
{
    if (strcmp(name, "NULL") == 0)
        return NULL;
    if (*name != '@')
        return name;
    const size_t size = strlen(case_directory) + strlen(name) + sizeof("/.so");
    char *path = allocate(size);
    snprintf(path, size, "%s/%s.so", case_directory, name + 1);
    return path;
}

static struct thing *find(const char *name)
{
    struct thing *thing = things;

    while (thing && strcmp(thing->name, name) != 0)
        thing = thing->next;
    return thing;
}

/* Adds the new thing in front, so that it is found before an older thing of that name. */
struct thing *thing_add(const char *name, enum what what)
{
    struct thing *thing = allocate(sizeof(*thing));

    thing->name = name;
    thing->what = what;
    thing->next = things;
    things = thing;
    return thing;
}

struct thing *thing_get(const char *name, enum what what)
{
    struct thing *thing = find(name);

    if (!thing || thing->what != what)
        table_error(*case_current, "nothing of that kind is called %s", name);
    return thing;
}

void *thing_get_address(const char *name)
{
    const struct thing *thing = find(name);

    if (thing && thing->what == FUNCTION)
        return ffitap_function_get_address(thing->function);
    if (thing && thing->what == CALLBACK)
        return ffitap_callback_get_code(thing->callback);
    return thing_get(name, BUFFER)->memory;
}

static void release(struct thing *thing)
{
    switch (thing->what) {
    case LIBRARY:
        ffitap_library_destroy(thing->library);
        break;
    case LOADER:
        ffitap_loader_destroy(thing->loader);
        break;
    case FUNCTION:
        forget_signature(thing->function);
        ffitap_function_destroy(thing->function);
        break;
    case CALLBACK:
        ffitap_callback_destroy(thing->callback);
        break;
    case KIND:
        ffitap_type_destroy((struct ffitap_type *)thing->kind->type);
        break;
    case BUFFER:
        break;
    }
}

void thing_destroy(struct thing *thing)
{
    struct thing **link = &things;

    while (*link != thing)
        link = &(*link)->next;
    *link = thing->next;
    if (!thing->is_borrowed)
        release(thing);
}

void thing_destroy_all(void)
{
    while (things)
        thing_destroy(things);
}

void do_destroy(const struct step *step)
{
    struct thing *thing = find(step->words[0]);

    if (!thing)
        table_error(*case_current, "nothing is called %s", step->words[0]);
    thing_destroy(thing);
}

/* Whether two names stand for one object of the core. */
void do_same(const struct step *step)
{
    const struct thing *one = find(step->words[0]), *other = find(step->words[1]);

    if (!one || !other)
        table_error(*case_current, "nothing is called so");
    const bool same = one->what == other->what && one->memory == other->memory;
    fputs(same ? "same" : "different", step->out);
}
