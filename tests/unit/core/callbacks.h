/* Callbacks of fundamental types. The tests call them, and so play the native code. */
#ifndef FFITAP_TESTS_CORE_CALLBACKS_H
#define FFITAP_TESTS_CORE_CALLBACKS_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <ffitap/ffitap.h>

static inline struct ffitap_callback *create_of_kind(enum ffitap_library_kind kind,
                                                     ffitap_handler *handler, void *data,
                                                     enum ffitap_basic_type result,
                                                     const enum ffitap_basic_type *basics,
                                                     size_t count, unsigned flags)
{
    struct ffitap_callback *callback = NULL;
    struct ffitap_error error = {0};
    const struct ffitap_type *types[16];

    for (size_t i = 0; i < count; i++)
        types[i] = ffitap_type_borrow(basics[i]);
    cr_assert(eq(int,
                 ffitap_callback_create(handler, data, kind, ffitap_type_borrow(result), types,
                                        count, flags, &callback, &error),
                 FFITAP_OK),
              "%s", error.text);
    return callback;
}

/* A callback that takes and returns nothing. */
static inline struct ffitap_callback *create_plain(ffitap_handler *handler, void *data,
                                                   unsigned flags)
{
    return create_of_kind(FFITAP_CDLL, handler, data, FFITAP_TYPE_VOID, NULL, 0, flags);
}

typedef void plain_function(void);

static inline plain_function *code_of(const struct ffitap_callback *callback)
{
    plain_function *code;

    *(void **)&code = ffitap_callback_get_code(callback);
    return code;
}

#endif
