#include <ffitap/statistics.h>

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "core/fail.h"
#include "tap/layout.h"
#include "tap/tap.h"

static enum ffitap_status refuse(struct ffitap_error *error)
{
    return ffitap__fail(error, FFITAP_NOT_SUPPORTED,
                        "the tap that this process was given is of another build of ffitap");
}

/* The path comes last in the text, so that a long path does not cut the reason off. */
static enum ffitap_status explain_failure(int failure, const char *folder,
                                          struct ffitap_error *error)
{
    const enum ffitap_status status = failure == ENAMETOOLONG ? FFITAP_BAD_ARGUMENT
                                      : failure == ENOMEM     ? FFITAP_NO_MEMORY
                                                              : FFITAP_IO;

    return ffitap__fail(error, status, "cannot make a statistics file: %s: '%s'",
                        strerrordesc_np(failure), folder);
}

static enum ffitap_status explain(enum ffitap__statistics_answer answer, struct ffitap_error *error)
{
    switch (answer) {
    case FFITAP__STATISTICS_KEPT_ALREADY:
        return ffitap__fail(error, FFITAP_BUSY, "statistics are kept already");
    case FFITAP__STATISTICS_NOT_BEGUN:
        return ffitap__fail(error, FFITAP_NOT_STARTED,
                            "the program has not started any statistics that are kept now");
    case FFITAP__STATISTICS_OF_PARENT:
        return ffitap__fail(error, FFITAP_NOT_SUPPORTED,
                            "the statistics here are of the process that made this one without "
                            "fork(2)");
    case FFITAP__STATISTICS_IN_HANDLER:
        return ffitap__fail(error, FFITAP_BUSY,
                            "this is a signal handler, and it interrupted ffitap");
    default:
        return FFITAP_OK;
    }
}

enum ffitap_status ffitap_statistics_start(const char *folder, struct ffitap_error *error)
{
    int failure = 0;

    if (!folder || *folder != '/')
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT,
                            "the folder for statistics is no absolute path: %s",
                            folder ? folder : "NULL");
    if (!ffitap__layout_agrees())
        return refuse(error);
    const enum ffitap__statistics_answer answer = ffitap__statistics_begin(folder, &failure);
    return answer == FFITAP__STATISTICS_FAILED ? explain_failure(failure, folder, error)
                                               : explain(answer, error);
}

enum ffitap_status ffitap_statistics_stop(struct ffitap_error *error)
{
    return ffitap__layout_agrees() ? explain(ffitap__tap_end_statistics(), error) : refuse(error);
}
