#include "report/read/worker.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report/base/exit_status.h"

/* Many times what a report takes, and little enough to be noticed within seconds. */
#define MEMORY_MAX (UINT64_C(2) << 30)

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SHADOW_MEMORY 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SHADOW_MEMORY 1
#endif

/* Limits the worker's memory, except under a sanitizer, which maps more than any limit; and allows
 * no core dump, which is of no use where crashes are dealt with. */
static void limit_resources(void)
{
    const struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
#ifndef HAS_SHADOW_MEMORY
    const struct rlimit memory = {MEMORY_MAX, MEMORY_MAX};
    setrlimit(RLIMIT_DATA, &memory);
#endif
}

static bool is_crash(int signal_number)
{
    switch (signal_number) {
    case SIGSEGV:
    case SIGBUS:
    case SIGABRT:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP: /* GLib's way to end */
        return true;
    default:
        return false;
    }
}

static void copy_to_standard_error(int fd)
{
    char buffer[4096];
    off_t offset = 0;
    ssize_t size;

    while ((size = pread(fd, buffer, sizeof(buffer), offset)) > 0) {
        fwrite(buffer, 1, (size_t)size, stderr);
        offset += size;
    }
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    remove(path); /* what is left here, the system will remove from its temporary files */
    return 0;
}

static void remove_scratch(struct ffitap__attempt *attempt)
{
    if (attempt->scratch[0])
        nftw(attempt->scratch, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    attempt->scratch[0] = '\0';
}

/* Deals with the way the worker ended. If a signal ended it that is no crash, such as the user's
 * interrupt, this process ends by the same signal: an interrupt must not become an error. */
static int fate(int status, struct ffitap__attempt *attempt)
{
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    if (!is_crash(WTERMSIG(status))) {
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    attempt->crash = WTERMSIG(status);
    return -1;
}

/* Makes one attempt, in a child. The child's messages are kept back until it is clear whether they
 * are to be shown. */
static int try(struct ffitap__attempt *attempt, ffitap__work *work, const void *data)
{
    const int messages = memfd_create("messages", MFD_CLOEXEC);
    int status = 0;

    fflush(NULL);
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(FFITAP_EXIT_FAILED);
        if (messages >= 0)
            dup2(messages, STDERR_FILENO);
        limit_resources();
        const int result = work(attempt, data);
        fflush(NULL);
        _exit(result);
    }
    if (pid < 0) {
        fprintf(stderr, "ffitap: cannot report: %s\n", strerror(errno));
        status = FFITAP_EXIT_FAILED;
    } else {
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
        remove_scratch(attempt);
        status = fate(status, attempt);
    }
    if (messages >= 0) {
        if (status >= 0)
            copy_to_standard_error(messages);
        close(messages);
    }
    return status;
}

int ffitap__worker_run(ffitap__work *work, const void *data, int *crash)
{
    struct ffitap__attempt *attempt =
        mmap(NULL, sizeof(*attempt), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (attempt == MAP_FAILED) {
        fprintf(stderr, "ffitap: cannot report: %s\n", strerror(errno));
        return FFITAP_EXIT_FAILED;
    }
    attempt->stop_after = UINT64_MAX;
    int result = try(attempt, work, data);
    while (result < 0 && attempt->crashes++ < FFITAP__CRASHES_MAX) {
        attempt->stop_after = attempt->messages;
        attempt->messages = 0;
        result = try(attempt, work, data);
    }
    *crash = attempt->crash;
    munmap(attempt, sizeof(*attempt));
    return result;
}
