#include "report/write/summary.h"

#include "report/read/reading.h"
#include "report/write/table_part.h"

static void write_table(FILE *stream, const struct ffitap_recording *recording,
                        const struct ffitap__model *model,
                        const struct ffitap_summary_options *options)
{
    const struct ffitap__table table = {
        .stream = stream,
        .recording = recording,
        .model = model,
        .limit = options->row_limit,
        .rest = "--json FILE",
        .all_columns = true,
    };

    ffitap__table_head(&table);
    ffitap__table_losses(&table);
    ffitap__table_in_flight(&table);
    ffitap__table_functions(&table);
    ffitap__table_summary(&table);
}

void ffitap_summary_write(FILE *stream, const struct ffitap_recording *recording,
                          const struct ffitap_summary_options *options)
{
    struct ffitap__model *model =
        ffitap__reading_statistics(recording, options->directory, options->now_ns);

    write_table(stream, recording, model, options);
    ffitap__model_destroy(model);
}
