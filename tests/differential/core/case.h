/* A case while it runs: what its lines have named, what they can refer to, and their outcomes. */
#ifndef DIFFERENTIAL_CASE_H
#define DIFFERENTIAL_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <ffitap/ffitap.h>

#include "table.h"
#include "value.h"

/* The types of a function, which the core knows but does not tell. */
struct signature {
    const struct kind *result;
    const struct kind **arguments;
    size_t count;
    const struct line *block;  /* of an error check or a callback */
    const struct value *given; /* the arguments of the last call */
    struct signature *next;
    struct ffitap_function *function; /* two names may stand for one */
};

enum what { LIBRARY, LOADER, FUNCTION, CALLBACK, KIND, BUFFER };

/* Something that a line named. */
struct thing {
    const char *name;
    enum what what;
    bool is_borrowed; /* not to be released */
    union {
        struct ffitap_library *library;
        struct ffitap_loader *loader;
        struct ffitap_function *function;
        struct ffitap_callback *callback;
        struct kind *kind;
        void *memory;
    };
    struct signature *signature; /* of FUNCTION and CALLBACK */
    const struct kind *element;  /* of BUFFER */
    size_t length;
    struct thing *next;
};

/* What the lines of a block can refer to: the arguments and the last result; and what the block has
 * answered. */
struct frame {
    const struct value *arguments;
    size_t count;
    struct value result;
    struct value answer;
    const char *failure;
};

/* Where the libraries of the tables lie. */
extern const char *case_directory;

/* The number of the line that is being run. It is shared with the parent, which needs it if this
 * process dies. */
extern int *case_current;

/* Runs the lines of `parent`'s block, each of which prints its outcome. */
void case_run(const struct line *parent, struct frame *frame);

/* Prints what a block was entered with, before the outcomes of its lines. */
void case_say_entered(const struct line *line, const struct frame *frame);

/* Writes why a call failed, in the words that both sides use. */
void refuse(FILE *out, enum ffitap_status status, const struct ffitap_error *error);

/* thing_add() gives a name that is there already to the new thing. If a name that is asked for is
 * not there, the table is wrong. */
struct thing *thing_add(const char *name, enum what what);
struct thing *thing_get(const char *name, enum what what);
/* The address of the memory, of the code or of the function of that name. */
void *thing_get_address(const char *name);
void thing_destroy(struct thing *thing);
void thing_destroy_all(void);

/* "@spare" is the library spare of ours, "NULL" none. The text stays good. */
const char *path_of(const char *name);

/* Called when a function is released. */
void forget_signature(const struct ffitap_function *function);

/* Types and values that words stand for. */
const struct kind *kind_named(const char *name);
size_t kinds_named(char *const *words, size_t count, const struct kind ***kinds);
size_t values_named(char *const *words, size_t count, const struct frame *frame,
                    struct value **values);

/* What a command is given: the words after it, and where to write the outcome. A command that
 * writes nothing means "ok". */
struct step {
    const struct line *line;
    char *const *words;
    size_t count;
    struct frame *frame;
    FILE *out;
};

/* Every command, and how many words it needs at least. */
#define COMMANDS(X)                                                                                \
    X(load, 2)                                                                                     \
    X(adopt, 3)                                                                                    \
    X(name, 1)                                                                                     \
    X(kind, 1)                                                                                     \
    X(mode, 1)                                                                                     \
    X(same_handle, 2)                                                                              \
    X(loads, 1)                                                                                    \
    X(mode_of, 1)                                                                                  \
    X(lookups, 1)                                                                                  \
    X(destroy, 1)                                                                                  \
    X(same, 2)                                                                                     \
    X(loader, 2)                                                                                   \
    X(new_loader, 2)                                                                               \
    X(attribute, 3)                                                                                \
    X(load_library, 3)                                                                             \
    X(borrow, 3)                                                                                   \
    X(create, 3)                                                                                   \
    X(function, 4)                                                                                 \
    X(at, 2)                                                                                       \
    X(same_address, 2)                                                                             \
    X(function_name, 1)                                                                            \
    X(result, 2)                                                                                   \
    X(arguments, 1)                                                                                \
    X(variadic, 2)                                                                                 \
    X(undeclare, 1)                                                                                \
    X(call, 1)                                                                                     \
    X(call_quietly, 1)                                                                             \
    X(call_at_errno, 2)                                                                            \
    X(errcheck, 1)                                                                                 \
    X(unchecked, 1)                                                                                \
    X(errno, 1)                                                                                    \
    X(thread, 0)                                                                                   \
    X(callback, 2)                                                                                 \
    X(answer, 1)                                                                                   \
    X(fail, 1)                                                                                     \
    X(struct, 1)                                                                                   \
    X(union, 1)                                                                                    \
    X(array, 3)                                                                                    \
    X(layout, 1)                                                                                   \
    X(buffer, 2)                                                                                   \
    X(read, 1)                                                                                     \
    X(text, 1)                                                                                     \
    X(show, 1)

#define X(command, words) void do_##command(const struct step *step);
COMMANDS(X)
#undef X

#endif
