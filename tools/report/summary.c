#include "report/summary.h"

#include "report/statistics.h"
#include "report/table_part.h"
#include "report/unseen.h"
#include "tap/statistics_file.h"

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
    struct ffitap__model *model = ffitap__model_create(recording->token);
    char *folder = ffitap_recording_statistics(recording, options->directory);

    ffitap__unseen_prepare(model, recording);
    ffitap__statistics_read_folder(model, folder, options->now_ns);
    ffitap__model_finish(model);
    ffitap__unseen_settle(model);
    write_table(stream, recording, model, options);
    free(folder);
    ffitap__model_destroy(model);
}
