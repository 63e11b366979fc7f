#include "recorder/lttng/system_daemon.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "recorder/files.h"
#include "recorder/lttng/control.h"

#define PID_FILE  FFITAP_SYSTEM_DAEMON_DIRECTORY "/lttng-sessiond.pid"
#define MARK_FILE FFITAP_SYSTEM_DAEMON_DIRECTORY "/ffitap.pid"

/* The name ends with the version of LTTng's protocol: 8 with LTTng 2.13, 11 with 2.16. */
#define APPLICATION_SOCKETS "lttng-ust-sock-*"

#define END_TIMEOUT_MS      20000
#define PAUSE_MS            10

bool ffitap_system_daemon_is_alive(void)
{
    return ffitap_lttng.session_daemon_alive() == 1;
}

static bool answers(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    const bool connected = descriptor >= 0 && connect(descriptor, (const struct sockaddr *)&address,
                                                      sizeof address) == 0;
    if (descriptor >= 0)
        close(descriptor);
    return connected;
}

bool ffitap_system_daemon_is_ready(void)
{
    glob_t sockets;
    bool is_ready = false;

    if (!ffitap_system_daemon_is_alive() ||
        !ffitap_files_find(FFITAP_SYSTEM_DAEMON_DIRECTORY, APPLICATION_SOCKETS, &sockets))
        return false;
    for (size_t i = 0; !is_ready && i < sockets.gl_pathc; i++)
        is_ready = answers(sockets.gl_pathv[i]);
    globfree(&sockets);
    return is_ready;
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
    /* Waits until the daemon is gone. The keeper that started it is its parent, and has to reap it
     * first. */
    for (int waited = 0;
         waitpid(pid, NULL, WNOHANG) != pid && kill(pid, 0) == 0 && waited < END_TIMEOUT_MS;
         waited += PAUSE_MS)
        nanosleep(&pause, NULL);
}
