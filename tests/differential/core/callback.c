/* Commands about callbacks, what their blocks answer, threads and errno. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "case.h"

static void handle(void *result, void *const *arguments, void *data)
{
    const struct thing *thing = data;
    const struct signature *signature = thing->signature;
    struct value *values = allocate(signature->count * sizeof(*values));
    struct frame frame = {.arguments = values, .count = signature->count};

    for (size_t i = 0; i < signature->count; i++)
        values[i] = (struct value){signature->arguments[i], arguments[i]};
    case_say_entered(signature->block, &frame);
    case_run(signature->block, &frame);
    if (frame.answer.kind && frame.answer.kind != signature->result)
        table_error(signature->block->number, "the answer is not of the result's type");
    if (frame.answer.kind)
        memcpy(result, frame.answer.bytes, ffitap_type_get_size(frame.answer.kind->type));
}

/* Takes "use_errno" off the end of the words. */
static unsigned take_flags(const struct step *step, size_t *count)
{
    if (strcmp(step->words[*count - 1], "use_errno") != 0)
        return 0;
    --*count;
    return FFITAP_CALLBACK_USE_ERRNO;
}

static struct signature *read_signature(const struct step *step, size_t count)
{
    struct signature *signature = allocate(sizeof(*signature));

    signature->result = kind_named(step->words[1]);
    signature->count = kinds_named(step->words + 2, count - 2, &signature->arguments);
    signature->block = step->line;
    return signature;
}

void do_callback(const struct step *step)
{
    size_t count = step->count;
    const unsigned flags = take_flags(step, &count);
    struct thing *thing = thing_add(step->words[0], CALLBACK);
    struct signature *signature = read_signature(step, count);
    const struct ffitap_type **types = allocate(signature->count * sizeof(*types));
    struct ffitap_error error = {0};

    for (size_t i = 0; i < signature->count; i++)
        types[i] = signature->arguments[i]->type;
    thing->signature = signature;
    const enum ffitap_status status =
        ffitap_callback_create(handle, thing, FFITAP_CDLL, signature->result->type, types,
                               signature->count, flags, &thing->callback, &error);
    if (status != FFITAP_OK) {
        thing_destroy(thing);
        refuse(step->out, status, &error);
    }
}

void do_answer(const struct step *step)
{
    struct value *values;

    values_named(step->words, 1, step->frame, &values);
    step->frame->answer = values[0];
}

void do_fail(const struct step *step)
{
    step->frame->failure = step->words[0];
}

static void *run_block(void *data)
{
    case_run(data, &(struct frame){0});
    return NULL;
}

void do_thread(const struct step *step)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, run_block, (void *)step->line) != 0)
        table_error(step->line->number, "no thread");
    pthread_join(thread, NULL);
}

void do_errno(const struct step *step)
{
    const bool is_get = strcmp(step->words[0], "get") == 0;

    fprintf(step->out, "%d", is_get ? ffitap_get_errno() : ffitap_set_errno(atoi(step->words[1])));
}
