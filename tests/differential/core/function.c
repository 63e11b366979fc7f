/* Commands about functions and their calls. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "case.h"

static struct signature *signatures;

/* The types of `function`, by whatever name. At first it returns int, and no arguments are
 * declared. */
static struct signature *signature_of(struct ffitap_function *function)
{
    struct signature *signature = signatures;

    while (signature && signature->function != function)
        signature = signature->next;
    if (signature)
        return signature;
    signature = allocate(sizeof(*signature));
    signature->function = function;
    signature->result = kind_find_basic("int");
    signature->next = signatures;
    signatures = signature;
    return signature;
}

/* Another function may get the address of a function that is released. */
void forget_signature(const struct ffitap_function *function)
{
    struct signature **link = &signatures;

    while (*link && (*link)->function != function)
        link = &(*link)->next;
    if (*link)
        *link = (*link)->next;
}

static bool add_function(const struct step *step, enum ffitap_status status,
                         const struct ffitap_error *error, struct ffitap_function *function,
                         bool is_borrowed)
{
    if (status != FFITAP_OK) {
        refuse(step->out, status, error);
        return false;
    }
    struct thing *thing = thing_add(step->words[0], FUNCTION);
    thing->function = function;
    thing->is_borrowed = is_borrowed;
    thing->signature = signature_of(function);
    return true;
}

void do_borrow(const struct step *step)
{
    struct ffitap_library *library = thing_get(step->words[1], LIBRARY)->library;
    struct ffitap_function *function = NULL;
    struct ffitap_error error = {0};

    const enum ffitap_status status =
        ffitap_function_borrow(library, step->words[2], &function, &error);

    add_function(step, status, &error, function, true);
}

static bool create(const struct step *step)
{
    struct ffitap_library *library = thing_get(step->words[1], LIBRARY)->library;
    struct ffitap_function *function = NULL;
    struct ffitap_error error = {0};
    const enum ffitap_status status =
        ffitap_function_create(library, step->words[2], &function, &error);

    return add_function(step, status, &error, function, false);
}

void do_create(const struct step *step)
{
    create(step);
}

void do_at(const struct step *step)
{
    struct value *address;
    struct ffitap_function *function = NULL;
    struct ffitap_error error = {0};

    values_named(step->words + 1, 1, step->frame, &address);
    const enum ffitap_status status = ffitap_function_create_at(*(void **)address->bytes, NULL,
                                                                FFITAP_CDLL, 0, &function, &error);
    add_function(step, status, &error, function, false);
}

void do_same_address(const struct step *step)
{
    const struct thing *one = thing_get(step->words[0], FUNCTION);
    const struct thing *other = thing_get(step->words[1], FUNCTION);
    const bool same =
        ffitap_function_get_address(one->function) == ffitap_function_get_address(other->function);

    fputs(same ? "same" : "different", step->out);
}

void do_function_name(const struct step *step)
{
    fputs(ffitap_function_borrow_name(thing_get(step->words[0], FUNCTION)->function), step->out);
}

static void set_result(const struct step *step, const char *name)
{
    struct thing *thing = thing_get(step->words[0], FUNCTION);
    const bool is_default = strcmp(name, "default") == 0;
    const struct kind *kind = kind_named(is_default ? "int" : name);
    struct ffitap_error error = {0};
    const enum ffitap_status status =
        ffitap_function_set_result(thing->function, is_default ? NULL : kind->type, &error);

    if (status == FFITAP_OK)
        thing->signature->result = kind;
    else
        refuse(step->out, status, &error);
}

void do_result(const struct step *step)
{
    set_result(step, step->words[1]);
}

/* `fixed` of the `count` types; all of them if the function is not variadic. */
static void set_arguments(const struct step *step, const struct kind **kinds, size_t fixed,
                          size_t count, bool is_variadic)
{
    struct thing *thing = thing_get(step->words[0], FUNCTION);
    const struct ffitap_type **types = allocate(count * sizeof(*types));
    struct ffitap_error error = {0};
    enum ffitap_status status;

    for (size_t i = 0; i < count; i++)
        types[i] = kinds[i]->type;
    status = is_variadic
                 ? ffitap_function_set_variadic(thing->function, types, fixed, count, &error)
                 : ffitap_function_set_arguments(thing->function, types, count, &error);
    if (status == FFITAP_OK) {
        thing->signature->arguments = kinds;
        thing->signature->count = count;
    } else {
        refuse(step->out, status, &error);
    }
}

static void declare(const struct step *step, size_t from)
{
    const struct kind **kinds;
    const size_t count = kinds_named(step->words + from, step->count - from, &kinds);

    set_arguments(step, kinds, count, count, false);
}

void do_arguments(const struct step *step)
{
    declare(step, 1);
}

void do_function(const struct step *step)
{
    if (!create(step))
        return;
    set_result(step, step->words[3]);
    declare(step, 4);
}

/* Types before and after "...". */
void do_variadic(const struct step *step)
{
    const struct kind **kinds, **rest;
    size_t dots = 1;

    while (dots < step->count && strcmp(step->words[dots], "...") != 0)
        dots++;
    if (dots == step->count)
        table_error(step->line->number, "there is no ...");
    const size_t fixed = kinds_named(step->words + 1, dots - 1, &kinds);
    const size_t others = kinds_named(step->words + dots + 1, step->count - dots - 1, &rest);
    for (size_t i = 0; i < others; i++) {
        kinds = append(kinds, fixed + i, sizeof(*kinds));
        kinds[fixed + i] = rest[i];
    }
    set_arguments(step, kinds, fixed, fixed + others, true);
}

void do_undeclare(const struct step *step)
{
    struct thing *thing = thing_get(step->words[0], FUNCTION);
    struct ffitap_error error = {0};
    const enum ffitap_status status = ffitap_function_clear_arguments(thing->function, &error);

    if (status == FFITAP_OK)
        thing->signature->count = 0;
    else
        refuse(step->out, status, &error);
}

/* The values for declared arguments must have the declared types: values of other types would not
 * fit. */
static void check_kinds(const struct signature *signature, const struct value *values, size_t count)
{
    for (size_t i = 0; i < count && i < signature->count; i++) {
        if (values[i].kind != signature->arguments[i])
            table_error(*case_current, "argument %zu is not of the declared type", i + 1);
    }
}

/* `*real_errno` is what errno is before the call; then it becomes what errno was after it. */
static enum ffitap_status invoke(const struct thing *thing, void *result,
                                 const struct value *values, size_t count, int *real_errno,
                                 struct ffitap_error *error)
{
    const size_t declared = thing->signature->count;
    const size_t extra = count > declared ? count - declared : 0;
    void **arguments = allocate(count * sizeof(*arguments));
    const struct ffitap_type **types = allocate(extra * sizeof(*types));

    for (size_t i = 0; i < count; i++)
        arguments[i] = values[i].bytes;
    for (size_t i = 0; i < extra; i++)
        types[i] = values[declared + i].kind->type;
    errno = *real_errno;
    const enum ffitap_status status =
        extra ? ffitap_function_call_extra(thing->function, result, arguments, count, types, error)
              : ffitap_function_call(thing->function, result, arguments, count, error);
    *real_errno = errno;
    return status;
}

/* Makes a call. The word at `from` is the name of the function, and the arguments follow. False if
 * the call is refused. */
static bool call(const struct step *step, size_t from, int *real_errno)
{
    const struct thing *thing = thing_get(step->words[from], FUNCTION);
    const struct kind *kind = thing->signature->result;
    void *result = allocate(ffitap_type_get_size(kind->type));
    struct ffitap_error error = {0};
    struct value *values;
    const size_t count =
        values_named(step->words + from + 1, step->count - from - 1, step->frame, &values);

    check_kinds(thing->signature, values, count);
    thing->signature->given = values;
    const enum ffitap_status status = invoke(thing, result, values, count, real_errno, &error);
    if (status != FFITAP_OK) {
        refuse(step->out, status, &error);
        return false;
    }
    step->frame->result = (struct value){kind, result};
    return true;
}

static void show_result(const struct step *step)
{
    value_show(step->out, step->frame->result.kind, step->frame->result.bytes);
}

void do_call(const struct step *step)
{
    int real_errno = 0;

    if (call(step, 0, &real_errno))
        show_result(step);
}

void do_call_quietly(const struct step *step)
{
    int real_errno = 0;

    call(step, 0, &real_errno);
}

void do_call_at_errno(const struct step *step)
{
    int real_errno = atoi(step->words[0]);

    if (!call(step, 1, &real_errno))
        return;
    show_result(step);
    fprintf(step->out, ", errno %d", real_errno);
}

/* What the error check was given, as values of the types that the call had. */
static const struct value *values_given(const struct signature *signature, void *const *arguments,
                                        size_t count)
{
    struct value *values = allocate(count * sizeof(*values));

    for (size_t i = 0; i < count; i++)
        values[i] = (struct value){signature->given[i].kind, arguments[i]};
    return values;
}

static enum ffitap_status check(void *result, struct ffitap_function *function,
                                void *const *arguments, size_t count, void *data,
                                struct ffitap_error *error)
{
    const struct signature *signature = data;
    const struct kind *kind =
        signature->result->type == ffitap_type_borrow(FFITAP_TYPE_VOID) ? NULL : signature->result;
    struct frame frame = {.arguments = values_given(signature, arguments, count),
                          .count = count,
                          .result = {kind, result}};

    if (signature->function != function)
        table_error(*case_current, "the check was given another function");
    case_say_entered(signature->block, &frame);
    case_run(signature->block, &frame);
    if (frame.failure) {
        error->status = FFITAP_CALL_FAILED;
        snprintf(error->text, sizeof(error->text), "%s", frame.failure);
        return FFITAP_CALL_FAILED;
    }
    if (frame.answer.kind)
        memcpy(result, frame.answer.bytes, ffitap_type_get_size(frame.answer.kind->type));
    return FFITAP_OK;
}

void do_errcheck(const struct step *step)
{
    struct thing *thing = thing_get(step->words[0], FUNCTION);

    thing->signature->block = step->line;
    ffitap_function_set_errcheck(thing->function, check, thing->signature);
}

void do_unchecked(const struct step *step)
{
    ffitap_function_set_errcheck(thing_get(step->words[0], FUNCTION)->function, NULL, NULL);
}
