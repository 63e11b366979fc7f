/* A statistics file that anybody may have written. It is read into a model, of which a report is
 * made. */
#include <stdio.h>

#include "fuzz.h"
#include "report/write/json.h"
#include "report/read/statistics.h"
#include "report/write/table.h"

static const char *write_input(const uint8_t *data, size_t size)
{
    static char path[512];

    fuzz_write("4711.0.stat", data, size);
    snprintf(path, sizeof(path), "%s/4711.0.stat", fuzz_folder());
    return path;
}

static void report(const struct ffitap__model *model)
{
    static FILE *nowhere;
    struct ffitap_recording recording = {
        .command = json_array(),
        .versions = json_object(),
        .mode = "stat",
    };
    json_t *json = ffitap__json_create(&recording, model);

    fuzz_expect(json != NULL, "every model has a report");
    json_decref(json);
    if (!nowhere)
        nowhere = fopen("/dev/null", "we");
    ffitap__table_write(&(struct ffitap__writing){.stream = nowhere, .recording = &recording},
                        model);
    json_decref(recording.command);
    json_decref(recording.versions);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ffitap__model *model = ffitap__model_create("");
    const struct ffitap__report_sink sink = ffitap__model_sink(model);

    ffitap__statistics_read(&sink, write_input(data, size));
    ffitap__model_finish(model);
    report(model);
    ffitap__model_destroy(model);
    return 0;
}
