/*
 * C prototypes as text: "double pow(double, double)", "int (const char *format, ...)".
 *
 * What is understood: one function declarator, with or without names of the function and of its
 * parameters, with or without "extern" before it and ";" at the end. Types are every fundamental
 * type in any order of its words, those of <stdint.h>, <stddef.h>, <stdbool.h> and <wchar.h> and
 * the integers of <sys/types.h> (size_t, int32_t, intptr_t, bool, wchar_t, time_t, off_t, pid_t,
 * ...), HRESULT, named types registered before, qualifiers, "enum name", and pointers. Only "char
 * *" and "wchar_t *" tell what they point to (FFITAP_TYPE_STRING and _WSTRING; "PyObject *" is
 * FFITAP_TYPE_PYOBJECT): any other pointer is FFITAP_TYPE_POINTER, even if it points to a name that
 * was not registered ("FILE *"). Parameters that are arrays or functions become pointers, as in C;
 * a result may be a pointer to a function. Comments are skipped.
 *
 * Refused by name: other storage classes, attributes, _Atomic, _Complex, definitions of types; and
 * more than 64 levels of parentheses.
 */
#ifndef FFITAP_PROTOTYPE_H
#define FFITAP_PROTOTYPE_H

#include <stdbool.h>
#include <stddef.h>

#include <ffitap/callback.h>
#include <ffitap/export.h>
#include <ffitap/function.h>
#include <ffitap/library.h>
#include <ffitap/status.h>
#include <ffitap/type.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A list of names for types, which prototypes can use. The caller owns it. While one thread adds a
 * name, no other thread may use the list; otherwise every thread may. */
struct ffitap_names;

/* Creates an empty list, to be released with ffitap_names_destroy(). */
FFITAP_API FFITAP_NODISCARD enum ffitap_status ffitap_names_create(struct ffitap_names **out,
                                                                   struct ffitap_error *error);

/* NULL is allowed. Prototypes that were made with these names stay what they are. */
FFITAP_API void ffitap_names_destroy(struct ffitap_names *names);

/*
 * Gives `type`, which may be a fundamental one, the name `name`: "point_t", "struct point" or
 * "union value". Copies the name and keeps the type alive. FFITAP_BAD_ARGUMENT if `name` is not of
 * this form, is one of C's own words, is in the list already, or is known to prototypes by itself.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status ffitap_names_add(struct ffitap_names *names,
                                                                const char *name,
                                                                const struct ffitap_type *type,
                                                                struct ffitap_error *error);

/* A prototype that was understood. Never changed after that: every thread may use it. */
struct ffitap_prototype;

/*
 * Reads `text`. `names` may be NULL. `*out` is the caller's, to be released with
 * ffitap_prototype_destroy(). If something is wrong with the text, this fails with FFITAP_BAD_TYPE.
 * The error's text then names the mistake and its place, and `error->position` is the character of
 * `text`, from 1. FFITAP_BAD_ARGUMENT if `text` is NULL. On failure `*out` is left untouched.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_prototype_create(const char *text, const struct ffitap_names *names,
                        struct ffitap_prototype **out, struct ffitap_error *error);

/* NULL is allowed. */
FFITAP_API void ffitap_prototype_destroy(struct ffitap_prototype *prototype);

/* What the prototype says. All of this belongs to the prototype, and lives as long as it does. */

/* The function's name, NULL if it has none. */
FFITAP_API const char *ffitap_prototype_borrow_name(const struct ffitap_prototype *prototype);
FFITAP_API const struct ffitap_type *
ffitap_prototype_borrow_result(const struct ffitap_prototype *prototype);

/* The types of the arguments before "...": ffitap_prototype_get_count() of them. */
FFITAP_API const struct ffitap_type *const *
ffitap_prototype_borrow_arguments(const struct ffitap_prototype *prototype);
FFITAP_API size_t ffitap_prototype_get_count(const struct ffitap_prototype *prototype);

/* Whether the prototype ends in "...". */
FFITAP_API bool ffitap_prototype_is_variadic(const struct ffitap_prototype *prototype);

/* Whether the prototype says what the function takes: "int f(void)" does, "int f()" does not. */
FFITAP_API bool ffitap_prototype_is_complete(const struct ffitap_prototype *prototype);

/*
 * Gives `function` the types that `text` says, as ffitap_function_set_result() and
 * ffitap_function_set_arguments() do; a function whose prototype ends in "..." is then called with
 * ffitap_function_call_extra(). Fails as these and ffitap_prototype_create() do, and with
 * FFITAP_BAD_TYPE if the function and the prototype have names and these differ,
 * FFITAP_NOT_SUPPORTED for "..." in a FFITAP_WINDLL or FFITAP_OLEDLL; the former types then stay.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_function_declare(struct ffitap_function *function, const char *text,
                        const struct ffitap_names *names, struct ffitap_error *error);

/*
 * Creates a callback of the types that `text` says, whatever name stands there; otherwise as
 * ffitap_callback_create(). Fails as ffitap_callback_create() and ffitap_prototype_create() do, and
 * with FFITAP_BAD_TYPE if the prototype does not say all that the callback takes, because it has
 * "..." or "()".
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_callback_create_declared(ffitap_handler *handler, void *data, enum ffitap_library_kind kind,
                                const char *text, const struct ffitap_names *names, unsigned flags,
                                struct ffitap_callback **out, struct ffitap_error *error);

#ifdef __cplusplus
}
#endif

#endif
