#include "recorder/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder/clock.h"
#include "recorder/message.h"

#define DEFAULT_PATH "/bin:/usr/bin" /* execvp's, without PATH in the environment */

static int probe_file(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return errno;
    if (!S_ISREG(status.st_mode))
        return EACCES;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

/* Takes over `path`, which is NULL if memory was short. If the file can be executed and `found` is
 * not NULL, the path goes there. */
static int probe_and_take(char *path, char **found)
{
    const int error = path ? probe_file(path) : ENOMEM;

    if (error || !found)
        free(path);
    else
        *found = path;
    return error;
}

static char *join(const char *directory, int length, const char *name)
{
    char *path;

    return asprintf(&path, "%.*s%s%s", length, directory, length ? "/" : "", name) < 0 ? NULL
                                                                                       : path;
}

int ffitap_child_find(const char *name, char **file)
{
    const char *path = getenv("PATH");
    int error = ENOENT;

    if (!*name)
        return ENOENT;
    if (strchr(name, '/'))
        return probe_and_take(strdup(name), file);
    for (const char *directory = path ? path : DEFAULT_PATH;; directory++) {
        const char *end = strchrnul(directory, ':');
        const int found = probe_and_take(join(directory, (int)(end - directory), name), file);
        if (found == 0)
            return 0;
        if (found == EACCES)
            error = EACCES; /* execvp goes on looking, but remembers */
        directory = end;
        if (!*directory)
            return error;
    }
}

int ffitap_child_probe(const char *name)
{
    return ffitap_child_find(name, NULL);
}

/* Runs in the child. Everything that the program inherits is as ffitap found it; only the signal
 * mask has to be restored. */
static _Noreturn void wait_and_exec(int gate, int verdict, const char **argv, char **environment,
                                    const sigset_t *mask)
{
    char go;

    if (TEMP_FAILURE_RETRY(read(gate, &go, 1)) != 1)
        _exit(FFITAP_EXIT_FAILED);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvpe(argv[0], (char **)argv, environment);
    const int error = errno;
    if (write(verdict, &error, sizeof error) < 0) {
        /* ffitap is gone: nobody is left to tell. */
    }
    _exit(FFITAP_EXIT_FAILED);
}

bool ffitap_child_fork(struct ffitap_child *child, const char **argv, char **environment,
                       const sigset_t *mask)
{
    int gate[2], verdict[2];

    if (pipe2(gate, O_CLOEXEC) != 0)
        return false;
    if (pipe2(verdict, O_CLOEXEC) != 0) {
        close(gate[0]);
        close(gate[1]);
        return false;
    }
    const pid_t pid = fork();
    if (pid == 0) {
        close(gate[1]);
        wait_and_exec(gate[0], verdict[1], argv, environment, mask);
    }
    const int error = errno;
    close(gate[0]);
    close(verdict[1]);
    *child = (struct ffitap_child){.pid = pid, .gate = gate[1], .verdict = verdict[0]};
    if (pid > 0)
        return true;
    close(child->gate);
    close(child->verdict);
    child->pid = 0;
    errno = error;
    return false;
}

int ffitap_child_release(struct ffitap_child *child)
{
    int error = 0;

    child->start_ns = ffitap_clock_ns();
    const bool told = write(child->gate, "", 1) == 1;
    close(child->gate);
    child->gate = -1;
    if (told && TEMP_FAILURE_RETRY(read(child->verdict, &error, sizeof error)) != sizeof error)
        error = 0;
    close(child->verdict);
    child->verdict = -1;
    if (error) {
        TEMP_FAILURE_RETRY(waitpid(child->pid, NULL, 0));
        child->pid = 0;
    }
    return error;
}

void ffitap_child_abandon(struct ffitap_child *child)
{
    if (child->pid == 0 || child->gate < 0)
        return;
    close(child->gate);
    close(child->verdict);
    TEMP_FAILURE_RETRY(waitpid(child->pid, NULL, 0));
    child->pid = 0;
}

bool ffitap_child_reap(struct ffitap_child *child, struct ffitap_child_end *end)
{
    int status;

    if (child->pid == 0 || TEMP_FAILURE_RETRY(waitpid(child->pid, &status, WNOHANG)) != child->pid)
        return false;
    *end = (struct ffitap_child_end){
        .signaled = WIFSIGNALED(status),
        .code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
        .duration_ns = ffitap_clock_ns() - child->start_ns,
    };
    child->pid = 0;
    return true;
}
