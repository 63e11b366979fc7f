#include "value.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>

#include "table.h"

static struct kind basics[] = {[FFITAP_TYPE_VOID] = {.basic = FFITAP_TYPE_VOID},
#define X(name, c_type, ffi) [FFITAP_TYPE_##name] = {.basic = FFITAP_TYPE_##name},
                               FFITAP_TYPE_MAP(X)
#undef X
};

static const char *const basic_names[] = {[FFITAP_TYPE_VOID] = "VOID",
#define X(name, c_type, ffi) [FFITAP_TYPE_##name] = #name,
                                          FFITAP_TYPE_MAP(X)
#undef X
};

const struct kind *kind_find_basic(const char *name)
{
    for (size_t i = 0; i < sizeof(basics) / sizeof(*basics); i++) {
        if (strcasecmp(name, basic_names[i]) == 0) {
            basics[i].type = ffitap_type_borrow((enum ffitap_basic_type)i);
            return &basics[i];
        }
    }
    return NULL;
}

size_t kind_get_offset(const struct kind *kind, size_t member)
{
    return kind->is_array ? member * ffitap_type_get_size(kind->members[0]->type)
                          : ffitap_type_get_field_offset(kind->type, member);
}

static uint64_t read_integer(const char *text)
{
    return strtoull(text, NULL, 0);
}

/* Reads a number as ctypes does, which takes a Python float: precision that a double does not have
 * is lost. */
static double read_number(const char *text)
{
    return strtod(text, NULL);
}

static char *read_string(const char *text)
{
    return strcmp(text, "NULL") == 0 ? NULL : copy_text(text, strlen(text));
}

static wchar_t *read_wide(const char *text)
{
    const size_t size = strlen(text) + 1;
    wchar_t *wide;

    if (strcmp(text, "NULL") == 0)
        return NULL;
    wide = allocate(size * sizeof(*wide));
    mbstowcs(wide, text, size);
    return wide;
}

static void *read_pointer(const char *text)
{
    return strcmp(text, "NULL") == 0 ? NULL : (void *)(uintptr_t)read_integer(text);
}

static void show_signed(FILE *out, intmax_t value)
{
    fprintf(out, "%" PRIdMAX, value);
}

static void show_unsigned(FILE *out, uintmax_t value)
{
    fprintf(out, "%" PRIuMAX, value);
}

/* Shows a number as Python does, which leaves out the sign of a NaN. */
static void show_number(FILE *out, double value, int digits)
{
    fprintf(out, "%.*g", digits, isnan(value) ? (double)NAN : value);
}

static void show_float(FILE *out, float value)
{
    show_number(out, value, 9);
}

static void show_double(FILE *out, long double value)
{
    show_number(out, (double)value, 17);
}

static void show_char(FILE *out, char value)
{
    fprintf(out, "%d", (unsigned char)value);
}

static void show_string(FILE *out, const char *value)
{
    if (value)
        fprintf(out, "\"%s\"", value);
    else
        fputs("NULL", out);
}

static void show_wide(FILE *out, const wchar_t *value)
{
    if (value)
        fprintf(out, "\"%ls\"", value);
    else
        fputs("NULL", out);
}

struct memory {
    const char *name;
    const char *start;
    size_t size;
    struct memory *next;
};
static struct memory *memories;

void value_name_memory(const char *name, const void *start, size_t size)
{
    struct memory *memory = allocate(sizeof(*memory));

    *memory = (struct memory){name, start, size, memories};
    memories = memory;
}

static void show_pointer(FILE *out, const void *pointer)
{
    const char *value = pointer;
    const struct memory *memory = memories;

    while (memory && (value < memory->start || value >= memory->start + memory->size))
        memory = memory->next;
    if (memory)
        fprintf(out, "&%s+%td", memory->name, value - memory->start);
    else if (value)
        fprintf(out, "%p", pointer);
    else
        fputs("NULL", out);
}

/* Before version 16 clang-format knows nothing of _Generic. */
/* clang-format off */
#define READ(type)                                                                                 \
    _Generic((type){0},                                                                            \
             float: read_number,                                                                   \
             double: read_number,                                                                  \
             long double: read_number,                                                             \
             char *: read_string,                                                                  \
             wchar_t *: read_wide,                                                                 \
             void *: read_pointer,                                                                 \
             default: read_integer)

#define SHOW(type)                                                                                 \
    _Generic((type){0},                                                                            \
             float: show_float,                                                                    \
             double: show_double,                                                                  \
             long double: show_double,                                                             \
             char *: show_string,                                                                  \
             wchar_t *: show_wide,                                                                 \
             void *: show_pointer,                                                                 \
             char: show_char,                                                                      \
             _Bool: show_unsigned,                                                                 \
             uint8_t: show_unsigned,                                                               \
             uint16_t: show_unsigned,                                                              \
             uint32_t: show_unsigned,                                                              \
             uint64_t: show_unsigned,                                                              \
             unsigned long long: show_unsigned,                                                    \
             default: show_signed)
/* clang-format on */

static void fill_basic(enum ffitap_basic_type basic, const char *text, void *bytes)
{
    switch (basic) {
    case FFITAP_TYPE_VOID:
        break;
#define X(name, c_type, ffi)                                                                       \
    case FFITAP_TYPE_##name: {                                                                     \
        const c_type value = (c_type)READ(c_type)(text);                                           \
        memcpy(bytes, &value, sizeof(value));                                                      \
        break;                                                                                     \
    }
        FFITAP_TYPE_MAP(X)
#undef X
    }
}

static void show_basic(FILE *out, enum ffitap_basic_type basic, const void *bytes)
{
    switch (basic) {
    case FFITAP_TYPE_VOID:
        fputs("nothing", out);
        break;
#define X(name, c_type, ffi)                                                                       \
    case FFITAP_TYPE_##name: {                                                                     \
        c_type value;                                                                              \
        memcpy(&value, bytes, sizeof(value));                                                      \
        SHOW(c_type)(out, value);                                                                  \
        break;                                                                                     \
    }
        FFITAP_TYPE_MAP(X)
#undef X
    }
}

/* The text of a member ends where the next begins. */
static const char *fill_member(enum ffitap_basic_type basic, const char *text, void *bytes)
{
    const size_t length = strcspn(text, ",}");

    fill_basic(basic, copy_text(text, length), bytes);
    return text + length;
}

static const char *fill_members(const struct kind *kind, const char *text, void *bytes)
{
    const size_t count = kind->is_union ? 1 : kind->count;

    for (size_t i = 0; i < count; i++) {
        char *member = (char *)bytes + kind_get_offset(kind, i);

        text++; /* "{" or "," */
        text = kind->members[i]->count ? fill_members(kind->members[i], text, member)
                                       : fill_member(kind->members[i]->basic, text, member);
    }
    return *text ? text + 1 : text;
}

const char *value_fill(const struct kind *kind, const char *text, void *bytes)
{
    if (kind->count)
        return fill_members(kind, text, bytes);
    fill_basic(kind->basic, text, bytes);
    return "";
}

void value_show(FILE *out, const struct kind *kind, const void *bytes)
{
    if (!kind->count) {
        show_basic(out, kind->basic, bytes);
        return;
    }
    for (size_t i = 0; i < kind->count; i++) {
        fputc(i ? ',' : '{', out);
        value_show(out, kind->members[i], (const char *)bytes + kind_get_offset(kind, i));
    }
    fputc('}', out);
}
