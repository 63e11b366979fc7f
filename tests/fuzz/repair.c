/*
 * A damaged stream and its index. What babeltrace says to the view that is made of them is part of
 * the input, too. An input is: two bytes of babeltrace's answers, a bit each; two bytes with the
 * size of the index; the index; the stream.
 */
#include "report/read/repair.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "report/read/graph.h"
#include "report/model/model.h"

static unsigned answers, asked;

/* Stands in for ffitap__graph_probe(): babeltrace itself is not what is tested. */
char *__wrap_ffitap__graph_probe(const GPtrArray *directories);
char *__wrap_ffitap__graph_probe(const GPtrArray *directories)
{
    const bool refuses = answers & 1u;

    fuzz_expect(directories->len > 0, "there is something to be asked");
    answers >>= 1;
    asked++;
    return refuses ? g_strdup("refused") : NULL;
}

static char *in_folder(const char *name)
{
    return g_build_filename(fuzz_folder(), name, NULL);
}

static void write_trace(struct fuzz_input input)
{
    static bool is_there;
    size_t index_size = (size_t)fuzz_take_number(&input, 2);

    if (!is_there) {
        char *index = in_folder("trace/index"), *scratch = in_folder("scratch");
        is_there = g_mkdir_with_parents(index, 0700) == 0 && mkdir(scratch, 0700) == 0;
        fuzz_expect(is_there, "folders can be made");
        fuzz_write("trace/metadata", "", 0);
        g_free(index);
        g_free(scratch);
    }
    if (index_size > input.size)
        index_size = input.size;
    fuzz_write("trace/index/c_0.idx", input.data, index_size);
    fuzz_write("trace/c_0", input.data + index_size, input.size - index_size);
}

/* What was repaired must have nothing left to be repaired. */
static void repair_again(const char *view, const char *scratch)
{
    struct ffitap__model *model = ffitap__model_create("");
    const struct ffitap__report_sink sink = ffitap__model_sink(model);

    answers = 0;
    char *again = ffitap__repair_create(view, scratch, &sink);
    fuzz_expect(again && model->damaged->len == 0, "the view holds only what is whole");
    fuzz_remove(again);
    g_free(again);
    ffitap__model_destroy(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct ffitap__model *model = ffitap__model_create("");
    const struct ffitap__report_sink sink = ffitap__model_sink(model);
    const unsigned wanted = (unsigned)fuzz_take_number(&input, 2);

    write_trace(input);
    char *trace = in_folder("trace"), *scratch = in_folder("scratch");
    answers = wanted;
    asked = 0;
    ffitap__repair_note_missing(trace, &sink);
    char *view = ffitap__repair_create(trace, scratch, &sink);
    fuzz_expect(asked > 0, "this file stands in for babeltrace");
    fuzz_expect(view || wanted, "a trace that babeltrace takes is not refused");
    if (view) {
        repair_again(view, scratch);
        fuzz_remove(view);
    }
    g_free(view);
    fuzz_remove(scratch);
    fuzz_expect(mkdir(scratch, 0700) == 0, "a folder can be made");
    g_free(scratch);
    g_free(trace);
    ffitap__model_destroy(model);
    return 0;
}
