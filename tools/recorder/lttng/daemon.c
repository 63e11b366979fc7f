#include "recorder/lttng/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder/directory.h"
#include "recorder/lttng/control.h"
#include "recorder/lttng/keeper.h"
#include "recorder/lttng/system_daemon.h"
#include "recorder/message.h"

#define SOCKET_DIRECTORY ".lttng"

/* The name of a group that does not exist. If the user were in LTTng's group, liblttng-ctl would go
 * to the system's daemon in spite of LTTNG_HOME. */
#define NO_SUCH_GROUP    "ffitap-no-such-group"

#define START_TIMEOUT_MS 10000

static bool make_home(char *home, const char *parent)
{
    char path[FFITAP_DAEMON_HOME_SIZE + sizeof SOCKET_DIRECTORY];

    if (snprintf(home, FFITAP_DAEMON_HOME_SIZE, "%s/ffitap-XXXXXX", parent) >=
        FFITAP_DAEMON_HOME_SIZE) {
        errno = ENAMETOOLONG; /* a socket's path has 107 bytes */
        return false;
    }
    if (!mkdtemp(home))
        return false;
    snprintf(path, sizeof path, "%s/" SOCKET_DIRECTORY, home);
    if (mkdir(path, 0755) == 0)
        /* Root's program may become another user; such a process registers here too, as it would
         * with the system's daemon. */
        return getuid() != 0 || chmod(home, 0711) == 0;
    rmdir(home);
    return false;
}

/* The home is in /tmp if possible. XDG_RUNTIME_DIR is removed when its user logs out, and a
 * recording may go on after that. */
bool ffitap_daemon_init(struct ffitap_daemon *daemon)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");

    *daemon = (struct ffitap_daemon){.lifeline = -1, .news = -1};
    if (make_home(daemon->home, "/tmp"))
        return true;
    const int error = errno;
    if (runtime && make_home(daemon->home, runtime))
        return true;
    *daemon->home = '\0';
    ffitap_say("/tmp: cannot make a private directory there: %s", strerror(error));
    return false;
}

/*
 * Puts the private directory in the place of the system's, for ffitap and for what it forks from
 * here on. The mounts are made slaves and not private, so that what the system mounts and unmounts
 * later is seen here, too.
 */
static bool isolate(const char *home)
{
    char path[FFITAP_DAEMON_HOME_SIZE + sizeof SOCKET_DIRECTORY];

    snprintf(path, sizeof path, "%s/" SOCKET_DIRECTORY, home);
    if (mkdir(FFITAP_SYSTEM_DAEMON_DIRECTORY, 0755) != 0 && errno != EEXIST)
        return false;
    return unshare(CLONE_NEWNS) == 0 && mount("", "/", NULL, MS_REC | MS_SLAVE, NULL) == 0 &&
           mount(path, FFITAP_SYSTEM_DAEMON_DIRECTORY, NULL, MS_BIND, NULL) == 0;
}

/* Waits for the keeper's news. Returns the letter, or 0 if none came in time. */
static char read_news(int descriptor, int timeout_ms)
{
    struct pollfd ready = {.fd = descriptor, .events = POLLIN};
    char letter = 0;

    if (TEMP_FAILURE_RETRY(poll(&ready, 1, timeout_ms)) != 1)
        return 0;
    return read(descriptor, &letter, 1) == 1 ? letter : FFITAP_KEEPER_LOST;
}

static FILE *open_log(const struct ffitap_daemon *daemon)
{
    char path[FFITAP_DAEMON_HOME_SIZE + sizeof FFITAP_KEEPER_LOG];

    snprintf(path, sizeof path, "%s/" FFITAP_KEEPER_LOG, daemon->home);
    return fopen(path, "re");
}

/* The last lines of what the daemon had to say. */
static void show_log(const struct ffitap_daemon *daemon)
{
    enum { SHOWN = 5 };
    char lines[SHOWN][256];
    unsigned count = 0;
    FILE *log = open_log(daemon);

    if (!log)
        return;
    while (fgets(lines[count % SHOWN], sizeof *lines, log))
        count++;
    fclose(log);
    for (unsigned i = count > SHOWN ? count - SHOWN : 0; i < count; i++) {
        lines[i % SHOWN][strcspn(lines[i % SHOWN], "\n")] = '\0';
        ffitap_say("lttng-sessiond: %s", lines[i % SHOWN]);
    }
}

static bool start_keeper(struct ffitap_daemon *daemon, const struct ffitap_keeper_task *task)
{
    int lifeline[2], news[2];

    if (pipe2(lifeline, O_CLOEXEC) != 0 || pipe2(news, O_CLOEXEC) != 0) {
        ffitap_say("cannot start the session daemon: %s", strerror(errno));
        return false;
    }
    const pid_t pid = fork();
    if (pid == 0)
        ffitap_keeper_run(task, lifeline[0], news[1]);
    const int error = errno;
    close(lifeline[0]);
    close(news[1]);
    daemon->lifeline = lifeline[1];
    daemon->news = news[0];
    daemon->keeper = pid > 0 ? pid : 0;
    if (pid < 0)
        ffitap_say("cannot start the session daemon: %s", strerror(error));
    return pid > 0;
}

static bool wait_until_ready(const struct ffitap_daemon *daemon)
{
    switch (read_news(daemon->news, START_TIMEOUT_MS)) {
    case FFITAP_KEEPER_READY:
        return true;
    case FFITAP_KEEPER_MISSING:
        ffitap_say("lttng-sessiond: no such program; install lttng-tools");
        return false;
    case 0:
        ffitap_say("lttng-sessiond: not ready after %d seconds", START_TIMEOUT_MS / 1000);
        break;
    default:
        ffitap_say("lttng-sessiond: ended instead of starting");
        break;
    }
    show_log(daemon);
    return false;
}

bool ffitap_daemon_start(struct ffitap_daemon *daemon, const char *session)
{
    const bool is_root = getuid() == 0;

    daemon->is_shared = is_root && !isolate(daemon->home);
    ffitap_lttng_be_quiet();
    if (setenv("LTTNG_HOME", daemon->home, 1) != 0 ||
        ffitap_lttng.set_tracing_group(NO_SUCH_GROUP) != 0) {
        ffitap_say("cannot start the session daemon: %s", strerror(errno));
        return false;
    }
    const struct ffitap_keeper_task task = {
        .home = daemon->home,
        .session = session,
        .is_root = is_root,
        .is_shared = daemon->is_shared,
    };
    return start_keeper(daemon, &task) && wait_until_ready(daemon);
}

const char *ffitap_daemon_home_inside(const struct ffitap_daemon *daemon)
{
    return getuid() == 0 ? NULL : daemon->home;
}

bool ffitap_daemon_logged(const struct ffitap_daemon *daemon, const char *text)
{
    char line[1024];
    bool found = false;
    FILE *log = open_log(daemon);

    while (log && !found && fgets(line, sizeof line, log))
        found = strstr(line, text) != NULL;
    if (log)
        fclose(log);
    return found;
}

/* Whether the keeper has told that the daemon was lost. Call this once the keeper has ended. Before
 * that the keeper may not have looked yet whether the daemon is still there. */
static bool keeper_told_of_loss(const struct ffitap_daemon *daemon, int status)
{
    bool lost = status != 0;
    struct pollfd ready = {.fd = daemon->news, .events = POLLIN};
    char letter;

    while (poll(&ready, 1, 0) == 1 && read(daemon->news, &letter, 1) == 1)
        lost |= letter == FFITAP_KEEPER_LOST;
    return lost;
}

bool ffitap_daemon_stop(struct ffitap_daemon *daemon)
{
    bool lost = false;
    int status = 0;

    if (daemon->lifeline >= 0) {
        if (write(daemon->lifeline, "", 1) < 0) {
            /* The keeper is gone, and the daemon with it. */
        }
        close(daemon->lifeline);
    }
    if (daemon->keeper > 0) {
        TEMP_FAILURE_RETRY(waitpid(daemon->keeper, &status, 0));
        lost = keeper_told_of_loss(daemon, status);
    }
    if (daemon->news >= 0)
        close(daemon->news);
    if (*daemon->home)
        ffitap_directory_remove_tree(daemon->home);
    *daemon = (struct ffitap_daemon){.lifeline = -1, .news = -1};
    return lost;
}
