#include "rehearsal.h"

#include <dlfcn.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message.h"

#define NO_HOME "/nonexistent"

/* The library's constructor returns when the daemon has given this process all that it records. */
static _Noreturn void register_and_exit(const char *home)
{
    setenv("LTTNG_UST_REGISTER_TIMEOUT", "10000", 1);
    setenv("LTTNG_HOME", home ? home : NO_HOME, 1);
    _exit(dlopen(FFITAP_FORK_LIBRARY, RTLD_LAZY) ? 0 : 1);
}

static bool has_stream(const char *directory, const char *channel)
{
    glob_t found;
    char *pattern;

    if (asprintf(&pattern, "%s/ust/uid/*/*/%s_0", directory, channel) < 0)
        return false;
    const bool has = glob(pattern, GLOB_NOSORT, NULL, &found) == 0;
    if (has)
        globfree(&found);
    free(pattern);
    return has;
}

bool ffitap_rehearsal_run(const char *home, const char *directory, enum ffitap_event_set set)
{
    int status = 0;
    const pid_t pid = fork();

    if (pid == 0)
        register_and_exit(home);
    if (pid < 0 || TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)) != pid) {
        ffitap_say("cannot start a process: %s", strerror(errno));
        return false;
    }
    if (status != 0) {
        ffitap_say(FFITAP_FORK_LIBRARY ": the dynamic linker cannot load it; install LTTng-UST "
                                       "(liblttng-ust1 on Debian)");
        return false;
    }
    for (int i = 0; i < FFITAP_CHANNEL_COUNT; i++) {
        if (ffitap_events_use(set, (enum ffitap_channel)i) &&
            !has_stream(directory, ffitap_channel_names[i])) {
            ffitap_say("LTTng cannot allocate the buffers of the channel '%s'; choose a smaller "
                       "--buffer-size",
                       ffitap_channel_names[i]);
            return false;
        }
    }
    return true;
}
