/* Types and values that words stand for, and the commands about types and memory. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "case.h"

const struct kind *kind_named(const char *name)
{
    const struct kind *basic = kind_find_basic(name);

    return basic ? basic : thing_get(name, KIND)->kind;
}

/* Takes the number after the last "*" off a word, and returns it; 1 if there is none. */
static size_t take_times(char *word)
{
    char *star = strrchr(word, '*');

    if (!star || !isdigit((unsigned char)star[1]) || star[1 + strspn(star + 1, "0123456789")])
        return 1;
    *star = '\0';
    return strtoul(star + 1, NULL, 10);
}

size_t kinds_named(char *const *words, size_t count, const struct kind ***kinds)
{
    size_t total = 0;

    *kinds = NULL;
    for (size_t i = 0; i < count; i++) {
        char *word = copy_text(words[i], strlen(words[i]));
        const size_t times = take_times(word);
        const struct kind *kind = kind_named(word);

        for (size_t n = 0; n < times; n++) {
            *kinds = append(*kinds, total, sizeof(**kinds));
            (*kinds)[total++] = kind;
        }
    }
    return total;
}

/* Makes room for a value. The room stays until the process ends. */
static struct value make_value(const struct kind *kind)
{
    return (struct value){kind, allocate(ffitap_type_get_size(kind->type))};
}

/* "&name": the address of a buffer, of a callback's code or of a function. */
static struct value address_of(const struct kind *kind, const char *name)
{
    struct value value = make_value(kind);

    *(void **)value.bytes = thing_get_address(name);
    return value;
}

static struct value read_value(const struct kind *kind, const char *text)
{
    if (*text == '&')
        return address_of(kind, text + 1);
    const struct value value = make_value(kind);
    if (*value_fill(kind, text, value.bytes))
        table_error(*case_current, "too much for the type: %s", text);
    return value;
}

/* "$result" or "$1": what the block's frame holds. */
static struct value look_up(const char *name, const struct frame *frame)
{
    const size_t index = strtoul(name, NULL, 10);

    if (strcmp(name, "result") == 0 && frame->result.kind)
        return frame->result;
    if (index < 1 || index > frame->count)
        table_error(*case_current, "there is no $%s here", name);
    return frame->arguments[index - 1];
}

size_t values_named(char *const *words, size_t count, const struct frame *frame,
                    struct value **values)
{
    size_t total = 0;

    *values = NULL;
    for (size_t i = 0; i < count; i++) {
        char *word = copy_text(words[i], strlen(words[i]));
        const size_t times = take_times(word);
        char *colon = strchr(word, ':');

        if (colon)
            *colon = '\0';
        const struct value value =
            *word == '$' ? look_up(word + 1, frame) : read_value(kind_named(word), colon + 1);
        for (size_t n = 0; n < times; n++) {
            *values = append(*values, total, sizeof(**values));
            (*values)[total++] = value;
        }
    }
    return total;
}

static void add_kind(const struct step *step, enum ffitap_status status,
                     const struct ffitap_error *error, struct kind kind)
{
    if (status != FFITAP_OK) {
        refuse(step->out, status, error);
        return;
    }
    struct thing *thing = thing_add(step->words[0], KIND);
    thing->kind = allocate(sizeof(kind));
    *thing->kind = kind;
}

/* Reads every word "name:type" of the step. */
static struct ffitap_field *read_fields(const struct step *step, struct kind *kind)
{
    struct ffitap_field *fields = allocate(step->count * sizeof(*fields));

    kind->count = step->count - 1;
    kind->members = allocate(step->count * sizeof(*kind->members));
    for (size_t i = 0; i < kind->count; i++) {
        char *name = copy_text(step->words[i + 1], strlen(step->words[i + 1]));
        char *colon = strchr(name, ':');

        *colon = '\0';
        kind->members[i] = kind_named(colon + 1);
        fields[i] = (struct ffitap_field){name, kind->members[i]->type};
    }
    return fields;
}

static void add_aggregate(const struct step *step, bool is_union)
{
    struct kind kind = {.is_union = is_union};
    const struct ffitap_field *fields = read_fields(step, &kind);
    struct ffitap_type *type = NULL;
    struct ffitap_error error = {0};
    const enum ffitap_status status =
        is_union ? ffitap_type_create_union(fields, kind.count, &type, &error)
                 : ffitap_type_create_struct(fields, kind.count, &type, &error);

    kind.type = type;
    add_kind(step, status, &error, kind);
}

void do_struct(const struct step *step)
{
    add_aggregate(step, false);
}

void do_union(const struct step *step)
{
    add_aggregate(step, true);
}

void do_array(const struct step *step)
{
    const struct kind *element = kind_named(step->words[1]);
    struct kind kind = {.is_array = true, .count = strtoul(step->words[2], NULL, 10)};
    struct ffitap_type *type = NULL;
    struct ffitap_error error = {0};
    const enum ffitap_status status =
        ffitap_type_create_array(element->type, kind.count, &type, &error);

    kind.type = type;
    kind.members = allocate((kind.count + 1) * sizeof(*kind.members));
    for (size_t i = 0; i < kind.count; i++)
        kind.members[i] = element;
    add_kind(step, status, &error, kind);
}

void do_layout(const struct step *step)
{
    const struct ffitap_type *type = kind_named(step->words[0])->type;

    fprintf(step->out, "size %zu alignment %zu", ffitap_type_get_size(type),
            ffitap_type_get_alignment(type));
    for (size_t i = 0; i < ffitap_type_get_field_count(type); i++)
        fprintf(step->out, " %zu", ffitap_type_get_field_offset(type, i));
}

void do_buffer(const struct step *step)
{
    const struct kind *element = kind_named(step->words[1]);
    const size_t size = ffitap_type_get_size(element->type);
    char *memory = NULL;
    size_t length = 0;

    for (size_t i = 2; i < step->count; i++) {
        char *word = copy_text(step->words[i], strlen(step->words[i]));

        for (size_t n = take_times(word); n > 0; n--) {
            memory = append(memory, length, size);
            value_fill(element, word, memory + size * length++);
        }
    }
    struct thing *thing = thing_add(step->words[0], BUFFER);
    thing->memory = memory;
    thing->element = element;
    thing->length = length;
    value_name_memory(step->words[0], memory, length * size);
}

void do_read(const struct step *step)
{
    const struct thing *buffer = thing_get(step->words[0], BUFFER);
    const size_t size = ffitap_type_get_size(buffer->element->type);

    for (size_t i = 0; i < buffer->length; i++) {
        fputc(i ? ',' : '{', step->out);
        value_show(step->out, buffer->element, (const char *)buffer->memory + i * size);
    }
    fputc('}', step->out);
}

void do_text(const struct step *step)
{
    fprintf(step->out, "\"%s\"", (const char *)thing_get(step->words[0], BUFFER)->memory);
}

void do_show(const struct step *step)
{
    struct value *values;

    values_named(step->words, 1, step->frame, &values);
    value_show(step->out, values->kind, values->bytes);
}
