#include "ffitap/doctor/linker.h"

#include <string.h>

#include "arch/arch.h"
#include "ffitap/doctor/ask.h"

#define PATIENCE_SECONDS 20
#define FAILURE          ": error while loading shared libraries: "
#define ABSENCE          ": cannot open shared object file"

/* "\tNAME => PATH (0xADDRESS)" or "\tPATH (0xADDRESS)". */
static void read_line(struct ffitap_linked *linked, char *line)
{
    char *arrow = strstr(line, " => ");
    char *path = g_strstrip(arrow ? arrow + strlen(" => ") : line);
    char *address = g_strrstr(path, " (0x");

    if (!address || *path != '/')
        return; /* what has no path is the kernel's */
    *address = '\0';
    g_ptr_array_add(linked->paths, g_strdup(path));
}

/* "FILE: error while loading shared libraries: NAME: cannot open shared object file: WHY" */
static void read_complaint(struct ffitap_linked *linked, const char *text)
{
    const char *reason = text ? strstr(text, FAILURE) : NULL;
    const char *from = reason ? reason + strlen(FAILURE) : text;

    if (!from || !*from)
        return;
    linked->complaint = g_strndup(from, strcspn(from, "\n"));
    const char *end = strstr(linked->complaint, ABSENCE);
    if (reason && end)
        linked->missing = g_strndup(linked->complaint, (gsize)(end - linked->complaint));
}

bool ffitap_linked_init(struct ffitap_linked *linked, const char *file, const char *preload)
{
    const char *const argv[] = {FFITAP__LINKER, "--list", file, NULL};
    char **environment = g_get_environ();
    struct ffitap_answer answer;

    *linked = (struct ffitap_linked){
        .paths = g_ptr_array_new_with_free_func(g_free),
    };
    if (preload)
        environment = g_environ_setenv(environment, "LD_PRELOAD", preload, TRUE);
    const bool loads = ffitap_ask(&answer, argv, environment, PATIENCE_SECONDS);
    char **lines = g_strsplit(answer.output ? answer.output : "", "\n", 0);
    for (char **line = lines; *line; line++)
        read_line(linked, *line);
    read_complaint(linked, answer.errors);
    g_strfreev(lines);
    ffitap_answer_fini(&answer);
    g_strfreev(environment);
    return loads;
}

void ffitap_linked_fini(struct ffitap_linked *linked)
{
    g_ptr_array_unref(linked->paths);
    g_free(linked->missing);
    g_free(linked->complaint);
}

const char *ffitap_linked_borrow(const struct ffitap_linked *linked, const char *start)
{
    for (guint i = 0; i < linked->paths->len; i++) {
        const char *path = g_ptr_array_index(linked->paths, i);
        if (g_str_has_prefix(strrchr(path, '/') + 1, start))
            return path;
    }
    return NULL;
}
