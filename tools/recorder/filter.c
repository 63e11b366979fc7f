#include "recorder/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recorder/message.h"
#include "tap/base/environment.h"
#include "tap/base/filter.h"

/* All of `arguments` in one list. NULL if memory is short. */
static char *join(const char **arguments)
{
    size_t size = 1;

    for (const char **argument = arguments; *argument; argument++)
        size += strlen(*argument) + 1;
    char *list = calloc(size, 1);
    char *end = list;
    for (const char **argument = arguments; list && *argument; argument++) {
        if (argument != arguments)
            *end++ = ',';
        end = stpcpy(end, *argument);
    }
    return list;
}

/* Whether `list`, which comes from `source`, is a filter; says why not. */
static bool check(const char *source, const char *list)
{
    struct ffitap__filter_flaw flaw;

    if (ffitap__filter_set(list, &flaw))
        return true;
    if (flaw.pattern)
        ffitap_say("%s: '%.*s': %s", source, (int)flaw.length, flaw.pattern, flaw.why);
    else
        ffitap_say("%s: %s", source, flaw.why);
    return false;
}

bool ffitap_filter_understand(struct ffitap_filter *filter)
{
    if (!filter->arguments)
        return check(FFITAP__ENV_FILTER, ffitap_filter_borrow_list(filter));
    filter->text = join(filter->arguments);
    if (!filter->text) {
        ffitap_say("--filter: %s", strerror(ENOMEM));
        return false;
    }
    /* An empty variable means no filter. An empty option is refused, because whoever gives the
     * option wants a filter. */
    return check("--filter", *filter->text ? filter->text : " ");
}

const char *ffitap_filter_borrow_list(const struct ffitap_filter *filter)
{
    const char *inherited = getenv(FFITAP__ENV_FILTER);

    if (filter->text)
        return filter->text;
    return inherited ? inherited : "";
}

void ffitap_filter_fini(struct ffitap_filter *filter)
{
    for (const char **argument = filter->arguments; argument && *argument; argument++)
        free((void *)*argument);
    free(filter->arguments);
    free(filter->text);
    *filter = (struct ffitap_filter){0};
}
