#include "system_daemon.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lttng.h"

#define APPLICATION_SOCKET FFITAP_SYSTEM_DAEMON_DIRECTORY "/lttng-ust-sock-8"
#define PID_FILE           FFITAP_SYSTEM_DAEMON_DIRECTORY "/lttng-sessiond.pid"
#define MARK_FILE          FFITAP_SYSTEM_DAEMON_DIRECTORY "/ffitap.pid"

#define END_TIMEOUT_MS     20000
#define PAUSE_MS           10

bool ffitap_system_daemon_is_alive(void)
{
    return ffitap_lttng.session_daemon_alive() == 1;
}

bool ffitap_system_daemon_is_ready(void)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = APPLICATION_SOCKET};
    const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool answers =
        ffitap_system_daemon_is_alive() && descriptor >= 0 &&
        connect(descriptor, (const struct sockaddr *)&address, sizeof address) == 0;

    if (descriptor >= 0)
        close(descriptor);
    return answers;
}

static pid_t read_pid(const char *path)
{
    int pid = 0;
    FILE *file = fopen(path, "re");

    if (!file)
        return 0;
    if (fscanf(file, "%d", &pid) != 1)
        pid = 0;
    fclose(file);
    return pid;
}

void ffitap_system_daemon_mark(pid_t pid)
{
    FILE *file = read_pid(PID_FILE) == pid ? fopen(MARK_FILE, "we") : NULL;

    if (!file)
        return;
    fprintf(file, "%d\n", (int)pid);
    fclose(file);
}

static bool has_sessions(void)
{
    struct lttng_session *sessions = NULL;
    const int count = ffitap_lttng.list_sessions(&sessions);

    free(sessions);
    return count > 0;
}

static void destroy_sessions(const char *prefix)
{
    struct lttng_session *sessions = NULL;
    const int count = ffitap_lttng.list_sessions(&sessions);

    for (int i = 0; i < count; i++) {
        if (strncmp(sessions[i].name, prefix, strlen(prefix)) == 0)
            ffitap_lttng.destroy_session(sessions[i].name);
    }
    free(sessions);
}

void ffitap_system_daemon_leave(const char *session)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};

    destroy_sessions(session); /* if ffitap did not live to do it */
    const pid_t pid = read_pid(PID_FILE);
    if (pid <= 0 || pid != read_pid(MARK_FILE) || has_sessions())
        return;
    unlink(MARK_FILE);
    kill(pid, SIGTERM);
    /* The keeper that started it is its parent, which sees it until it is reaped. */
    for (int waited = 0;
         waitpid(pid, NULL, WNOHANG) != pid && kill(pid, 0) == 0 && waited < END_TIMEOUT_MS;
         waited += PAUSE_MS)
        nanosleep(&pause, NULL);
}
