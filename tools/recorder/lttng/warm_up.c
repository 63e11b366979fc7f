#include "recorder/lttng/warm_up.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder/files.h"
#include "recorder/message.h"
#include "recorder/preload.h"

#define NO_HOME "/nonexistent"

/* The library's constructor returns when the daemon has given this process all that it records. */
static _Noreturn void register_and_idle(const char *home, int line)
{
    char nothing;

    dup3(line, STDIN_FILENO, 0);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    setenv("LTTNG_UST_REGISTER_TIMEOUT", "10000", 1);
    setenv("LTTNG_HOME", home ? home : NO_HOME, 1);
    if (dlopen(FFITAP_FORK_LIBRARY, RTLD_LAZY) && write(STDIN_FILENO, "", 1) == 1)
        TEMP_FAILURE_RETRY(read(STDIN_FILENO, &nothing, 1));
    _exit(0);
}

/* Whether the process has said that it is registered. */
static bool fork_process(struct ffitap_warm_up *warm_up, const char *home)
{
    int line[2];
    char registered;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line) != 0)
        return false;
    const pid_t pid = fork();
    if (pid == 0)
        register_and_idle(home, line[1]);
    close(line[1]);
    *warm_up = (struct ffitap_warm_up){.pid = pid > 0 ? pid : 0, .line = line[0]};
    return TEMP_FAILURE_RETRY(read(line[0], &registered, 1)) == 1;
}

static bool has_stream(const char *directory, const char *channel)
{
    char pattern[64];
    glob_t found;

    /*
     * A stream that is written to several files in turn has further numbers in the names of these.
     */
    snprintf(pattern, sizeof pattern, "ust/uid/*/*/%s_0*", channel);
    const bool has = ffitap_files_find(directory, pattern, &found);
    if (has)
        globfree(&found);
    return has;
}

bool ffitap_warm_up_start(struct ffitap_warm_up *warm_up, const char *home, const char *directory,
                          enum ffitap_event_set set)
{
    if (!fork_process(warm_up, home)) {
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

void ffitap_warm_up_end(struct ffitap_warm_up *warm_up)
{
    if (warm_up->pid == 0)
        return;
    close(warm_up->line);
    TEMP_FAILURE_RETRY(waitpid(warm_up->pid, NULL, 0));
    warm_up->pid = 0;
}
