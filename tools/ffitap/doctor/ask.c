#include "ffitap/doctor/ask.h"

#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

/* Runs in the child. An alarm that is set stays set through exec. */
static void limit_time(void *data)
{
    alarm(*(unsigned *)data);
}

bool ffitap_ask(struct ffitap_answer *answer, const char *const *argv, char **environment,
                unsigned seconds)
{
    const GSpawnFlags flags = strchr(argv[0], '/') ? G_SPAWN_DEFAULT : G_SPAWN_SEARCH_PATH;

    *answer = (struct ffitap_answer){.status = -1};
    return g_spawn_sync(NULL, (char **)argv, environment, flags, limit_time, &seconds,
                        &answer->output, &answer->errors, &answer->status, NULL) &&
           WIFEXITED(answer->status) && WEXITSTATUS(answer->status) == 0;
}

void ffitap_answer_fini(struct ffitap_answer *answer)
{
    g_free(answer->output);
    g_free(answer->errors);
    *answer = (struct ffitap_answer){.status = -1};
}
