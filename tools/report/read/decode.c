#include "report/read/decode.h"

#include <stddef.h>
#include <string.h>

/* The type of a record's member, which decides what may be stored there. */
enum kind {
    INTEGER,
    TEXT,
    BYTES, /* a pointer, and a uint32_t right behind it: how many */
};

/* A member of a record, and the field of the same name. */
struct field {
    const char *name;
    uint16_t offset;
    uint8_t size;
    uint8_t kind;
};

typedef void feed_record(const struct ffitap__report_sink *sink, const struct ffitap__at *at,
                         const void *record);

struct event {
    const char *name;
    const struct field *fields;
    unsigned field_count;
    feed_record *feed;
};

/* Any record. */
union record {
#define X(name, type) struct ffitap__##type name;
    FFITAP__REPORT_EVENTS(X)
#undef X
};

#define X(name, type)                                                                              \
    static void feed_of_##name(const struct ffitap__report_sink *sink,                             \
                               const struct ffitap__at *at, const void *record)                    \
    {                                                                                              \
        ffitap__feed_##name(sink, at, record);                                                     \
    }
FFITAP__REPORT_EVENTS(X)
#undef X

#define MEMBER(record, member) (((struct ffitap__##record *)NULL)->member)
/* Each version of clang-format has another idea of such braces. */
/* clang-format off */
#define FIELD(record, member)                                                                      \
    {#member, offsetof(struct ffitap__##record, member), sizeof(MEMBER(record, member)),           \
     _Generic(MEMBER(record, member), const char *: TEXT, const uint8_t *: BYTES, default: INTEGER)}
/* clang-format on */

static const struct field process_fields[] = {
    FIELD(process_event, ppid), FIELD(process_event, start_ns),  FIELD(process_event, exe),
    FIELD(process_event, argv), FIELD(process_event, recording),
};
static const struct field runtime_fields[] = {
    FIELD(runtime_event, runtime_id),
    FIELD(runtime_event, name),
    FIELD(runtime_event, lock_kind),
};
static const struct field object_mapped_fields[] = {
    FIELD(object_event, base),      FIELD(object_event, size),     FIELD(object_event, path),
    FIELD(object_event, soname),    FIELD(object_event, build_id), FIELD(object_event, cause),
    FIELD(object_event, needed_by),
};
static const struct field object_unmapped_fields[] = {
    FIELD(object_event, base),
};
static const struct field function_fields[] = {
    FIELD(function_event, function_id), FIELD(function_event, address),
    FIELD(function_event, offset),      FIELD(function_event, library),
    FIELD(function_event, symbol),
};
static const struct field load_begin_fields[] = {
    FIELD(load_event, load_id), FIELD(load_event, name),   FIELD(load_event, main_program),
    FIELD(load_event, mode),    FIELD(load_event, caller),
};
static const struct field load_end_fields[] = {
    FIELD(load_event, load_id), FIELD(load_event, name),        FIELD(load_event, main_program),
    FIELD(load_event, mode),    FIELD(load_event, caller),      FIELD(load_event, handle),
    FIELD(load_event, path),    FIELD(load_event, duration_ns), FIELD(load_event, error),
};
static const struct field lookup_fields[] = {
    FIELD(lookup_event, library),     FIELD(lookup_event, symbol),
    FIELD(lookup_event, function_id), FIELD(lookup_event, cached),
    FIELD(lookup_event, duration_ns), FIELD(lookup_event, error),
};
static const struct field call_fields[] = {
    FIELD(call_event, native_ns),
    FIELD(call_event, callbacks_ns),
    FIELD(call_event, gil_released_ns),
    FIELD(call_event, gil_wait_ns),
    FIELD(call_event, function_id),
    FIELD(call_event, runtime_id),
    FIELD(call_event, flags),
    FIELD(call_event, errno_private_in),
    FIELD(call_event, errno_private_out),
};
static const struct field call_entry_fields[] = {
    FIELD(call_edge_event, call_id),
    FIELD(call_edge_event, function_id),
};
static const struct field call_exit_fields[] = {
    FIELD(call_edge_event, call_id),
};
static const struct field callback_exit_fields[] = {
    FIELD(callback_event, function_id),
    FIELD(callback_event, runtime_id),
    FIELD(callback_event, duration_ns),
};
static const struct field lost_fields[] = {
    FIELD(lost_event, what),
    FIELD(lost_event, count),
};

static const struct event events[] = {
#define X(name, type) {"ffitap:" #name, name##_fields, G_N_ELEMENTS(name##_fields), feed_of_##name},
    FFITAP__REPORT_EVENTS(X)
#undef X
};

#define FIELDS_MAX 16

/* A field of the event class that goes into the record. */
struct slot {
    uint64_t index; /* of the field in the payload */
    bt_field_class_type type;
    const struct field *field;
};

struct ffitap__decoder {
    const bt_event_class *event_class;
    const struct event *event; /* NULL: an event that does not count */
    bool has_clock;
    bool is_clock_in_ns;
    int vpid; /* indexes in the common context, -1: not there */
    int vtid;
    unsigned slot_count;
    struct slot slots[FIELDS_MAX];
    union record blank; /* with "" in its texts */
    GByteArray *bytes;  /* what BYTES points to */
};

static const struct event *find_event(const char *name)
{
    for (unsigned i = 0; name && i < G_N_ELEMENTS(events); i++) {
        if (strcmp(events[i].name, name) == 0)
            return &events[i];
    }
    return NULL;
}

static const bt_field_class *find_member(const bt_field_class *structure, const char *name,
                                         uint64_t *index)
{
    const uint64_t count = structure ? bt_field_class_structure_get_member_count(structure) : 0;

    for (*index = 0; *index < count; ++*index) {
        const bt_field_class_structure_member *member =
            bt_field_class_structure_borrow_member_by_index_const(structure, *index);
        if (strcmp(bt_field_class_structure_member_get_name(member), name) == 0)
            return bt_field_class_structure_member_borrow_field_class_const(member);
    }
    return NULL;
}

static bool is_unsigned(bt_field_class_type type)
{
    return bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER);
}

static bool is_signed(bt_field_class_type type)
{
    return bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_SIGNED_INTEGER);
}

static bool is_array_of_integers(const bt_field_class *field_class)
{
    return bt_field_class_type_is(bt_field_class_get_type(field_class),
                                  BT_FIELD_CLASS_TYPE_ARRAY) &&
           is_unsigned(bt_field_class_get_type(
               bt_field_class_array_borrow_element_field_class_const(field_class)));
}

/* Metadata is input too: a field of another type than ours is as good as absent. */
static bool fits(const struct field *field, const bt_field_class *field_class)
{
    const bt_field_class_type type = bt_field_class_get_type(field_class);

    switch (field->kind) {
    case INTEGER:
        return is_unsigned(type) || is_signed(type);
    case TEXT:
        return bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_STRING);
    case BYTES:
        return is_array_of_integers(field_class);
    }
    return false;
}

static char *member_of(union record *record, const struct field *field)
{
    return (char *)record + field->offset;
}

static void set_up_slots(struct ffitap__decoder *decoder)
{
    const bt_field_class *payload =
        bt_event_class_borrow_payload_field_class_const(decoder->event_class);

    for (unsigned i = 0; i < decoder->event->field_count; i++) {
        const struct field *field = &decoder->event->fields[i];
        uint64_t index;
        const bt_field_class *field_class = find_member(payload, field->name, &index);

        if (field->kind == TEXT)
            *(const char **)member_of(&decoder->blank, field) = "";
        if (field_class && fits(field, field_class))
            decoder->slots[decoder->slot_count++] =
                (struct slot){index, bt_field_class_get_type(field_class), field};
    }
}

static int find_context(const bt_field_class *context, const char *name)
{
    uint64_t index;
    const bt_field_class *field_class = find_member(context, name, &index);

    return field_class && is_signed(bt_field_class_get_type(field_class)) ? (int)index : -1;
}

static void set_up_clock(struct ffitap__decoder *decoder, const bt_stream_class *stream_class)
{
    const bt_clock_class *clock_class =
        bt_stream_class_borrow_default_clock_class_const(stream_class);

    decoder->has_clock = clock_class != NULL;
    decoder->is_clock_in_ns =
        clock_class && bt_clock_class_get_frequency(clock_class) == UINT64_C(1000000000);
}

struct ffitap__decoder *ffitap__decoder_create(const bt_event_class *event_class)
{
    struct ffitap__decoder *decoder = g_new0(struct ffitap__decoder, 1);
    const bt_stream_class *stream_class = bt_event_class_borrow_stream_class_const(event_class);
    const bt_field_class *context =
        bt_stream_class_borrow_event_common_context_field_class_const(stream_class);

    bt_event_class_get_ref(event_class);
    decoder->event_class = event_class;
    decoder->event = find_event(bt_event_class_get_name(event_class));
    decoder->bytes = g_byte_array_new();
    decoder->vpid = find_context(context, "vpid");
    decoder->vtid = find_context(context, "vtid");
    set_up_clock(decoder, stream_class);
    if (decoder->event)
        set_up_slots(decoder);
    return decoder;
}

void ffitap__decoder_destroy(struct ffitap__decoder *decoder)
{
    bt_event_class_put_ref(decoder->event_class);
    g_byte_array_free(decoder->bytes, TRUE);
    g_free(decoder);
}

static void set_integer(char *member, uint8_t size, uint64_t value)
{
    switch (size) {
    case 1:
        *(uint8_t *)member = (uint8_t)value;
        break;
    case 2:
        *(uint16_t *)member = (uint16_t)value;
        break;
    case 4:
        *(uint32_t *)member = (uint32_t)value;
        break;
    default:
        *(uint64_t *)member = value;
    }
}

/* babeltrace 2.0 recycles fields: an empty one still holds the text that was in it before. */
static const char *text_of(const bt_field *string)
{
    return bt_field_string_get_length(string) > 0 ? bt_field_string_get_value(string) : "";
}

static void set_bytes(struct ffitap__decoder *decoder, char *member, const bt_field *array)
{
    const uint64_t count = MIN(bt_field_array_get_length(array), 1 << 20);
    const uint32_t size = (uint32_t)count;

    g_byte_array_set_size(decoder->bytes, size);
    for (uint64_t i = 0; i < count; i++)
        decoder->bytes->data[i] = (uint8_t)bt_field_integer_unsigned_get_value(
            bt_field_array_borrow_element_field_by_index_const(array, i));
    memcpy(member, &decoder->bytes->data, sizeof(decoder->bytes->data));
    memcpy(member + sizeof(decoder->bytes->data), &size, sizeof(size));
}

static void fill(struct ffitap__decoder *decoder, union record *record, const bt_event *event)
{
    const bt_field *payload = bt_event_borrow_payload_field_const(event);

    *record = decoder->blank;
    for (unsigned i = 0; i < decoder->slot_count; i++) {
        const struct slot *slot = &decoder->slots[i];
        const struct field *field = slot->field;
        const bt_field *value =
            bt_field_structure_borrow_member_field_by_index_const(payload, slot->index);
        char *member = member_of(record, field);

        if (field->kind == TEXT)
            *(const char **)member = text_of(value);
        else if (field->kind == BYTES)
            set_bytes(decoder, member, value);
        else if (is_unsigned(slot->type))
            set_integer(member, field->size, bt_field_integer_unsigned_get_value(value));
        else
            set_integer(member, field->size, (uint64_t)bt_field_integer_signed_get_value(value));
    }
}

static int32_t context_value(const bt_field *context, int index)
{
    if (index < 0)
        return 0;
    return (int32_t)bt_field_integer_signed_get_value(
        bt_field_structure_borrow_member_field_by_index_const(context, (uint64_t)index));
}

static struct ffitap__at locate(const struct ffitap__decoder *decoder, const bt_message *message,
                                const bt_event *event)
{
    const bt_field *context = bt_event_borrow_common_context_field_const(event);
    struct ffitap__at at = {
        .pid = context_value(context, decoder->vpid),
        .tid = context_value(context, decoder->vtid),
    };

    if (decoder->has_clock) {
        const bt_clock_snapshot *snapshot =
            bt_message_event_borrow_default_clock_snapshot_const(message);
        /* A time that does not fit into 64 bits is left at 0, as if there were no clock. */
        if (bt_clock_snapshot_get_ns_from_origin(snapshot, &at.wall_ns) != 0)
            bt_current_thread_clear_error();
        if (decoder->is_clock_in_ns)
            at.clock_ns = bt_clock_snapshot_get_value(snapshot);
    }
    return at;
}

void ffitap__decoder_feed(struct ffitap__decoder *decoder, const bt_message *message,
                          const struct ffitap__report_sink *sink)
{
    const bt_event *event = bt_message_event_borrow_event_const(message);
    const struct ffitap__at at = locate(decoder, message, event);
    union record record;

    ffitap__feed_event(sink, &at);
    if (!decoder->event)
        return;
    fill(decoder, &record, event);
    decoder->event->feed(sink, &at, &record);
}
