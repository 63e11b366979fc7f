#include "core/prototype/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/abi.h"
#include "core/fail.h"
#include "core/function.h"
#include "core/type.h"

enum ffitap_status ffitap_prototype_create(const char *text, const struct ffitap_names *names,
                                           struct ffitap_prototype **out,
                                           struct ffitap_error *error)
{
    const int saved = errno;

    if (!text)
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "the prototype is NULL");
    struct ffitap_prototype *prototype = calloc(1, sizeof(*prototype));
    if (!prototype) {
        errno = saved;
        return ffitap__fail(error, FFITAP_NO_MEMORY, "no memory for a prototype");
    }
    const enum ffitap_status status = ffitap__prototype_parse(text, names, prototype, error);
    if (status == FFITAP_OK)
        *out = prototype;
    else
        ffitap_prototype_destroy(prototype);
    errno = saved;
    return status;
}

void ffitap_prototype_destroy(struct ffitap_prototype *prototype)
{
    if (!prototype)
        return;

    const int saved = errno;

    if (prototype->result)
        ffitap__type_release(prototype->result);
    for (size_t i = 0; i < prototype->count; i++)
        ffitap__type_release(prototype->arguments[i]);
    free(prototype->arguments);
    free(prototype->name);
    free(prototype);
    errno = saved;
}

const char *ffitap_prototype_borrow_name(const struct ffitap_prototype *prototype)
{
    return prototype->name;
}

const struct ffitap_type *ffitap_prototype_borrow_result(const struct ffitap_prototype *prototype)
{
    return prototype->result;
}

const struct ffitap_type *const *
ffitap_prototype_borrow_arguments(const struct ffitap_prototype *prototype)
{
    return prototype->arguments;
}

size_t ffitap_prototype_get_count(const struct ffitap_prototype *prototype)
{
    return prototype->count;
}

bool ffitap_prototype_is_variadic(const struct ffitap_prototype *prototype)
{
    return prototype->is_variadic;
}

bool ffitap_prototype_is_complete(const struct ffitap_prototype *prototype)
{
    return prototype->is_complete;
}

/* Whether the function has another name than the prototype says. A function that was given no name
 * is called by its address, which is no name in C and so contradicts none. */
static bool is_named_otherwise(const struct ffitap_function *function,
                               const struct ffitap_prototype *prototype)
{
    const struct ffitap__token name = ffitap__token_read(function->name);

    return prototype->name && name.kind == FFITAP__TOKEN_WORD &&
           strcmp(prototype->name, function->name) != 0;
}

static enum ffitap_status check_fits(const struct ffitap_function *function, const char *text,
                                     const struct ffitap_prototype *prototype,
                                     struct ffitap_error *error)
{
    const struct ffitap__token at = {.text = text + prototype->name_position};

    if (is_named_otherwise(function, prototype))
        return ffitap__token_fail(text, &at, error, "the function is called '%.60s', not '%.60s'",
                                  function->name, prototype->name);
    if (prototype->is_variadic && ffitap__abi_is_microsoft(function->kind))
        return ffitap__fail(error, FFITAP_NOT_SUPPORTED,
                            "'%s' is of a library that has no variadic functions", function->name);
    return FFITAP_OK;
}

enum ffitap_status ffitap_callback_create_declared(ffitap_handler *handler, void *data,
                                                   enum ffitap_library_kind kind, const char *text,
                                                   const struct ffitap_names *names, unsigned flags,
                                                   struct ffitap_callback **out,
                                                   struct ffitap_error *error)
{
    struct ffitap_prototype *prototype = NULL;
    enum ffitap_status status = ffitap_prototype_create(text, names, &prototype, error);

    if (status != FFITAP_OK)
        return status;
    if (prototype->is_variadic || !prototype->is_complete)
        status = ffitap__fail(error, FFITAP_BAD_TYPE,
                              "the prototype of a callback says all that it takes: no '...', and "
                              "'(void)' for nothing");
    else
        status = ffitap_callback_create(handler, data, kind, prototype->result,
                                        prototype->arguments, prototype->count, flags, out, error);
    ffitap_prototype_destroy(prototype);
    return status;
}

enum ffitap_status ffitap_function_declare(struct ffitap_function *function, const char *text,
                                           const struct ffitap_names *names,
                                           struct ffitap_error *error)
{
    struct ffitap_prototype *prototype = NULL;
    enum ffitap_status status = ffitap_prototype_create(text, names, &prototype, error);

    if (status != FFITAP_OK)
        return status;
    status = check_fits(function, text, prototype, error);
    if (status == FFITAP_OK)
        status = ffitap__function_set_types(function, prototype->result, prototype->arguments,
                                            prototype->count, prototype->count,
                                            prototype->is_complete, error);
    ffitap_prototype_destroy(prototype);
    return status;
}
