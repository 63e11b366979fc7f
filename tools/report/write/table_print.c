/* How the tables print what is in a column or at a line's end. */
#include <inttypes.h>
#include <string.h>

#include "report/base/text.h"
#include "report/write/table_part.h"

void ffitap__table_print_duration(FILE *stream, uint64_t ns)
{
    char text[FFITAP__DURATION_SIZE];

    ffitap__text_duration(text, ns);
    fprintf(stream, " %8s", text);
}

void ffitap__table_print_share(FILE *stream, uint64_t part_ns, uint64_t whole_ns)
{
    fprintf(stream, " %6.1f", whole_ns ? 100.0 * (double)part_ns / (double)whole_ns : 0.0);
}

void ffitap__table_print_text(FILE *stream, const char *text)
{
    char *line = ffitap__text_line(text ? text : "");

    fputs(line, stream);
    g_free(line);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

/* "cos (libm.so.6)" */
void ffitap__table_print_function(FILE *stream, const char *symbol, const char *library)
{
    ffitap__table_print_text(stream, symbol);
    if (library && library[0]) {
        fputs(" (", stream);
        ffitap__table_print_text(stream, base_name(library));
        fputc(')', stream);
    }
}

unsigned ffitap__table_rows_shown(const struct ffitap__table *table, unsigned count)
{
    return table->limit ? MIN(count, table->limit) : count;
}

void ffitap__table_print_rest(const struct ffitap__table *table, unsigned count)
{
    const unsigned shown = ffitap__table_rows_shown(table, count);

    if (shown < count)
        fprintf(table->stream, "  ... and %u more; %s shows all\n", count - shown, table->rest);
}

uint64_t ffitap__table_duration_of(const struct ffitap__table *table)
{
    return table->recording->duration_ns
               ? table->recording->duration_ns
               : (uint64_t)(table->model->last_ns - table->model->first_ns);
}

void ffitap__table_print_outcome(FILE *stream, const struct ffitap__outcome *outcome)
{
    const char *name = strerrorname_np(outcome->value);

    if (name)
        fputs(outcome->value ? name : "none", stream);
    else
        fprintf(stream, "%d", outcome->value);
    fprintf(stream, " %" PRIu64, outcome->count);
    if (outcome->value && outcome->unchanged)
        fprintf(stream, " (%" PRIu64 " found there)", outcome->unchanged);
}
