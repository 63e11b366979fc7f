/* ffitap bench: measures what tracing costs on this machine. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "bench/json.h"
#include "bench/measure.h"
#include "bench/table.h"
#include "ffitap/commands/command_line.h"
#include "ffitap/commands/commands.h"
#include "recorder/message.h"
#include "recorder/preload.h"
#include "recorder/signals.h"
#include "report/base/output.h"

#define DEFAULT_ROUNDS 150
#define MOST_ROUNDS    100000

/* What the user wants. */
struct request {
    char *json;        /* NULL: none; "-": in place of the table */
    char *rounds_text; /* NULL: DEFAULT_ROUNDS */
    unsigned rounds;
};

static bool write_json(const struct ffitap_bench_results *results, FILE *stream)
{
    json_t *document = ffitap_bench_json(results);
    const bool written =
        document && json_dumpf(document, stream, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) == 0 &&
        fputc('\n', stream) != EOF;

    json_decref(document);
    return written;
}

/* Writes the JSON; the file appears as a whole or not at all. */
static bool finish_json(const struct ffitap_bench_results *results, struct ffitap__output *output,
                        const char *name)
{
    errno = ENOMEM;
    if (!write_json(results, output->stream)) {
        ffitap_say("--json: '%s': %s", name, strerror(errno));
        ffitap__output_abandon(output);
        return false;
    }
    if (ffitap__output_commit(output) == 0)
        return true;
    ffitap_say("--json: '%s': %s", name, strerror(errno));
    return false;
}

static bool finish_table(const struct ffitap_bench_results *results)
{
    ffitap_bench_table_write(stdout, results);
    return ffitap_end_output() == 0;
}

static bool finish(struct ffitap_bench_results *results, const struct request *request,
                   struct ffitap__output *output)
{
    const bool wants_table = !request->json || strcmp(request->json, "-") != 0;

    if (!ffitap_bench_results_summarize(results)) {
        ffitap_say("%s", strerror(ENOMEM));
        if (request->json)
            ffitap__output_abandon(output);
        return false;
    }
    const bool wrote_table = !wants_table || finish_table(results);
    return (!request->json || finish_json(results, output, request->json)) && wrote_table;
}

/* Minutes may pass until the file is written, so it is better to know before if something is wrong
 * with it. */
static bool open_json(struct ffitap__output *output, const char *file)
{
    struct stat status;
    const bool is_directory = stat(file, &status) == 0 && S_ISDIR(status.st_mode);

    errno = is_directory ? EISDIR : ENOENT;
    if (!is_directory && *file &&
        ffitap__output_open(output, strcmp(file, "-") == 0 ? NULL : file) == 0)
        return true;
    ffitap_say("--json: '%s': %s", file, strerror(errno));
    return false;
}

static int measure(const struct request *request)
{
    struct ffitap_bench_results results;
    struct ffitap__output output;
    const char *file = request->json;
    sigset_t mask;

    ffitap_signals_block(&mask); /* from here on there is something to clean up */
    if (file && !open_json(&output, file))
        return FFITAP_EXIT_FAILED;
    int status = FFITAP_EXIT_FAILED;
    if (!ffitap_bench_results_init(&results, request->rounds))
        ffitap_say("%s", strerror(ENOMEM));
    else
        status = ffitap_bench_measure(&results, &mask);
    if (status == 0)
        status = finish(&results, request, &output) ? 0 : FFITAP_EXIT_FAILED;
    else if (file)
        ffitap__output_abandon(&output);
    ffitap_bench_results_fini(&results);
    return status;
}

static bool understand(struct request *request)
{
    char *end;

    request->rounds = DEFAULT_ROUNDS;
    if (!request->rounds_text)
        return true;
    const unsigned long rounds = strtoul(request->rounds_text, &end, 10);
    if (*request->rounds_text < '0' || *request->rounds_text > '9' || *end || rounds == 0 ||
        rounds > MOST_ROUNDS) {
        ffitap_say("--rounds: '%s' is no number from 1 to %d", request->rounds_text, MOST_ROUNDS);
        return false;
    }
    request->rounds = (unsigned)rounds;
    return true;
}

static int bench(const char **words, void *data)
{
    struct request *request = data;

    (void)words;
    if (!understand(request))
        return FFITAP_EXIT_FAILED;
    /* Another ffitap must not count the calls that are meant to be untraced, and no filter may
     * leave any calls out. */
    return ffitap_preload_unset() ? measure(request) : FFITAP_EXIT_FAILED;
}

int ffitap_command_bench(int argc, const char **argv)
{
    ffitap_preload_shed(argc, argv);

    struct request request = {0};
    const struct poptOption options[] = {
        {"json", '\0', POPT_ARG_STRING, &request.json, 0,
         "write the results as JSON into FILE, too; -: to standard output, without the table",
         "FILE"},
        {"rounds", '\0', POPT_ARG_STRING, &request.rounds_text, 0,
         "measure everything N times (default: 150)", "N"},
        POPT_TABLEEND,
    };
    const struct ffitap_usage usage = {.options = options};
    const int status = ffitap_command_parse(argc, argv, &usage, bench, &request);

    free(request.json);
    free(request.rounds_text);
    return status;
}
