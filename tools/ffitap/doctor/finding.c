#include "ffitap/doctor/finding.h"

#include <stdarg.h>

#include "report/base/text.h"

struct finding {
    enum ffitap_level level;
    const char *subject;
    char *what;
    char *advice; /* or NULL */
    GPtrArray *files;
};

static const char *const level_names[] = {
    [FFITAP_LEVEL_OK] = "ok",
    [FFITAP_LEVEL_NOTE] = "note",
    [FFITAP_LEVEL_WARNING] = "warning",
    [FFITAP_LEVEL_PROBLEM] = "problem",
};

/* How much of what there is can be traced, by the worst finding: for people and for machines. */
static const struct {
    const char *program, *machine, *word;
} verdicts[] = {
    [FFITAP_LEVEL_OK] = {"It can be traced fully.", "Programs can be traced here.", "full"},
    [FFITAP_LEVEL_NOTE] = {"It can be traced fully.", "Programs can be traced here.", "full"},
    [FFITAP_LEVEL_WARNING] = {"It can be traced in part.",
                              "Programs can be traced here, but not in every way.", "partial"},
    [FFITAP_LEVEL_PROBLEM] = {"It cannot be traced.", "No program can be traced here.", "none"},
};

static void destroy(void *data)
{
    struct finding *finding = data;

    g_free(finding->what);
    g_free(finding->advice);
    g_ptr_array_unref(finding->files);
    g_free(finding);
}

void ffitap_findings_init(struct ffitap_findings *findings)
{
    findings->machine = g_ptr_array_new_with_free_func(destroy);
    findings->program = g_ptr_array_new_with_free_func(destroy);
    findings->current = findings->machine;
}

void ffitap_findings_fini(struct ffitap_findings *findings)
{
    g_ptr_array_unref(findings->machine);
    g_ptr_array_unref(findings->program);
}

void ffitap_findings_add(struct ffitap_findings *findings, enum ffitap_level level,
                         const char *subject, const char *advice, const char *format, ...)
{
    struct finding *finding = g_new0(struct finding, 1);
    va_list arguments;

    va_start(arguments, format);
    finding->level = level;
    finding->subject = subject;
    finding->advice = g_strdup(advice);
    finding->what = g_strdup_vprintf(format, arguments);
    finding->files = g_ptr_array_new_with_free_func(g_free);
    va_end(arguments);
    g_ptr_array_add(findings->current, finding);
}

void ffitap_findings_name_file(struct ffitap_findings *findings, const char *file)
{
    const struct finding *last = g_ptr_array_index(findings->current, findings->current->len - 1);

    g_ptr_array_add(last->files, g_strdup(file));
}

static enum ffitap_level worst_of(const GPtrArray *group)
{
    enum ffitap_level worst = FFITAP_LEVEL_OK;

    for (guint i = 0; i < group->len; i++) {
        const struct finding *finding = g_ptr_array_index(group, i);
        worst = MAX(worst, finding->level);
    }
    return worst;
}

enum ffitap_level ffitap_findings_worst(const struct ffitap_findings *findings)
{
    return MAX(worst_of(findings->machine), worst_of(findings->program));
}

static void write_group(FILE *stream, const GPtrArray *group)
{
    for (guint i = 0; i < group->len; i++) {
        const struct finding *finding = g_ptr_array_index(group, i);
        char *what = ffitap__text_line(finding->what);
        char *advice = ffitap__text_line(finding->advice ? finding->advice : "");
        fprintf(stream, "  %-8s %s: %s%s%s\n", level_names[finding->level], finding->subject, what,
                *advice ? " -> " : "", advice);
        g_free(advice);
        g_free(what);
    }
}

static void write_title(FILE *stream, const char **command)
{
    char *joined = g_strjoinv(" ", (char **)command);
    char *line = ffitap__text_line(joined);

    fprintf(stream, "Program: %s\n", line);
    g_free(line);
    g_free(joined);
}

void ffitap_findings_write(FILE *stream, const struct ffitap_findings *findings,
                           const char **command)
{
    const enum ffitap_level worst = ffitap_findings_worst(findings);

    fprintf(stream, "Machine\n");
    write_group(stream, findings->machine);
    if (command) {
        write_title(stream, command);
        write_group(stream, findings->program);
    }
    fprintf(stream, "%s\n", command ? verdicts[worst].program : verdicts[worst].machine);
}

static json_t *texts(const char *const *list, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, ffitap__text_json(list[i]));
    return array;
}

static json_t *describe_group(const GPtrArray *group)
{
    json_t *array = json_array();

    for (guint i = 0; i < group->len; i++) {
        const struct finding *finding = g_ptr_array_index(group, i);
        json_array_append_new(
            array,
            json_pack("{s:s, s:s, s:o, s:o, s:o}", "level", level_names[finding->level], "subject",
                      finding->subject, "what", ffitap__text_json(finding->what), "advice",
                      finding->advice ? ffitap__text_json(finding->advice) : json_null(), "files",
                      texts((const char *const *)finding->files->pdata, finding->files->len)));
    }
    return array;
}

json_t *ffitap_findings_json(const struct ffitap_findings *findings, const char **command,
                             int exit_status)
{
    json_t *words = command ? texts(command, g_strv_length((char **)command)) : json_null();

    return json_pack("{s:s, s:s, s:o, s:s, s:i, s:o, s:o}", "schema", "ffitap-doctor/1", "version",
                     FFITAP_VERSION, "command", words, "traceable",
                     verdicts[ffitap_findings_worst(findings)].word, "exit_status", exit_status,
                     "machine", describe_group(findings->machine), "program",
                     describe_group(findings->program));
}
