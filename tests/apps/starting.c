/*
 * Starts programs in every way that there is.
 *   starting all FOLDER            itself, again and again: what arrives and what fails
 *   starting one FUNCTION PROGRAM  one program in a child, whose number is printed
 *   starting bare FUNCTION PROGRAM the same, without any environment
 *   starting show ...              what it was given
 * FOLDER holds "plain", a script without a first line that names its interpreter.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static char self[4096];
static char **given; /* the environment for functions that take one */

static int show(int count, char **arguments)
{
    for (int i = 0; i < count; i++)
        printf("[%s]", arguments[i]);
    printf(" %s\n", getenv("MARK") ? getenv("MARK") : "without a mark");
    return 3;
}

/* Returns the name of a program without its folder, after putting the folder into PATH. */
static char *in_path(const char *path)
{
    char *copy = strdup(path);
    char *list;

    if (asprintf(&list, "/nowhere:%s:/bin:/usr/bin", dirname(copy)) < 0)
        abort();
    setenv("PATH", list, 1);
    return basename(strdup(path));
}

static char *arguments_of_v[] = {"name", "show", "", "two words", NULL};

static int by_execl(const char *path)
{
    return execl(path, "name", "show", "", "two words", (char *)NULL);
}

static int by_execl_with_many(const char *path)
{
    return execl(path, "name", "show", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11",
                 "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", (char *)NULL);
}

static int by_execle(const char *path)
{
    return execle(path, "name", "show", "", "two words", (char *)NULL, given);
}

static int by_execlp(const char *path)
{
    return execlp(in_path(path), "name", "show", "", "two words", (char *)NULL);
}

static int by_execv(const char *path)
{
    return execv(path, arguments_of_v);
}

static int by_execve(const char *path)
{
    return execve(path, arguments_of_v, given);
}

static int by_execvp(const char *path)
{
    return execvp(in_path(path), arguments_of_v);
}

static int by_execvpe(const char *path)
{
    return execvpe(in_path(path), arguments_of_v, given);
}

static int by_fexecve(const char *path)
{
    return fexecve(open(path, O_RDONLY | O_CLOEXEC), arguments_of_v, given);
}

static int by_execveat(const char *path)
{
    char *folder = strdup(path);
    const int directory = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return execveat(directory, basename(strdup(path)), arguments_of_v, given, 0);
}

static int by_relative_execv(const char *path)
{
    char *folder = strdup(path), *name;

    if (chdir(dirname(folder)) != 0 || asprintf(&name, "./%s", basename(strdup(path))) < 0)
        return -1;
    return execv(name, arguments_of_v);
}

static void *run_execv(void *path)
{
    execv(path, arguments_of_v);
    return NULL;
}

static int by_thread(const char *path)
{
    pthread_t thread;

    pthread_create(&thread, NULL, run_execv, (void *)path);
    pthread_join(thread, NULL);
    return -1;
}

static const char *path_for_handler;

static void handle(int number)
{
    (void)number;
    execv(path_for_handler, arguments_of_v);
}

static int by_handler(const char *path)
{
    const stack_t small = {.ss_sp = malloc(8192), .ss_size = 8192};
    const struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK | SA_NODEFER};

    path_for_handler = path;
    sigaltstack(&small, NULL);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    return -1;
}

/* The functions that return only if they fail. */
static const struct {
    const char *name;
    int (*run)(const char *path);
} execs[] = {
    {"execl", by_execl},
    {"execl_with_many", by_execl_with_many},
    {"execle", by_execle},
    {"execlp", by_execlp},
    {"execv", by_execv},
    {"execve", by_execve},
    {"execvp", by_execvp},
    {"execvpe", by_execvpe},
    {"fexecve", by_fexecve},
    {"execveat", by_execveat},
    {"relative_execv", by_relative_execv},
    {"thread", by_thread},
    {"handler", by_handler},
};

static int spawn(const char *path, pid_t *child)
{
    return posix_spawn(child, path, NULL, NULL, arguments_of_v, given);
}

static int spawnp(const char *path, pid_t *child)
{
    return posix_spawnp(child, in_path(path), NULL, NULL, arguments_of_v, given);
}

/* Only this much may be done in a child of vfork(2) that execs. */
static int in_vfork(const char *path, pid_t *child)
{
    *child = vfork();
    if (*child == 0) {
        execve(path, arguments_of_v, given);
        _exit(99);
    }
    return 0;
}

static const struct {
    const char *name;
    int (*run)(const char *path, pid_t *child);
} spawns[] = {
    {"posix_spawn", spawn},
    {"posix_spawnp", spawnp},
    {"vfork", in_vfork},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void end(const char *function, pid_t child)
{
    int status = 0;

    if (child > 0)
        waitpid(child, &status, 0);
    printf("%s: %#x\n", function, (unsigned)status);
    fflush(stdout);
}

/* Runs the program by the function, to its end. Returns the child in which it ran, or 0. */
static pid_t start(const char *function, const char *path)
{
    pid_t child = 0;

    for (size_t i = 0; i < COUNT(execs); i++)
        if (strcmp(execs[i].name, function) == 0 && (child = fork()) == 0) {
            errno = 77;
            const int result = execs[i].run(path);
            printf("%s: %d, errno %d\n", function, result, errno);
            fflush(stdout);
            _exit(98);
        }
    if (child)
        end(function, child);
    for (size_t i = 0; i < COUNT(spawns); i++)
        if (strcmp(spawns[i].name, function) == 0) {
            errno = 77;
            const int result = spawns[i].run(path, &child);
            const int left = errno;
            end(function, result ? 0 : child);
            printf("%s: %d, errno %d\n", function, result, left);
            fflush(stdout);
            return result ? 0 : child;
        }
    return child;
}

static void start_everything(const char *path)
{
    for (size_t i = 0; i < COUNT(execs); i++)
        start(execs[i].name, path);
    for (size_t i = 0; i < COUNT(spawns); i++)
        start(spawns[i].name, path);
}

static void use_shells(void)
{
    char line[100] = "";

    printf("no command: %d\n", system(NULL) != 0);
    fflush(stdout);
    errno = 77;
    const int status = system("echo from a shell; exit 5");
    printf("system: %#x, errno %d\n", (unsigned)status, errno);
    FILE *stream = popen("echo through a pipe; exit 6", "r");
    if (!stream || !fgets(line, sizeof line, stream))
        abort();
    printf("popen: %s", line);
    printf("pclose: %#x\n", (unsigned)pclose(stream));
    errno = 77;
    printf("no mode: %d", popen("true", "neither") != NULL);
    printf(", errno %d\n", errno);
    fflush(stdout);
}

static void lack_descriptors(void)
{
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = RLIM_INFINITY};
    struct rlimit before;

    getrlimit(RLIMIT_NOFILE, &before);
    setrlimit(RLIMIT_NOFILE, &none);
    const int result = execv("/nowhere/at/all", arguments_of_v);
    const int failure = errno;
    setrlimit(RLIMIT_NOFILE, &before);
    printf("without descriptors: %d, errno %d\n", result, failure);
    fflush(stdout);
}

static void start_all(const char *folder)
{
    char *plain;

    if (asprintf(&plain, "%s/plain", folder) < 0)
        abort();
    start_everything(self);
    start_everything("/nowhere/at/all");
    start_everything(plain);
    start_everything(folder);
    posix_spawn(NULL, self, NULL, NULL, arguments_of_v, given);
    end("unasked", wait(NULL));
    use_shells();
    lack_descriptors();
}

/* Makes the program's own environment with another value of one variable, which stands last. */
static char **another_environment(void)
{
    size_t count = 0;

    while (environ[count])
        count++;
    char **other = calloc(count + 2, sizeof *other);
    memcpy(other, environ, count * sizeof *other);
    other[count] = "MARK=given";
    putenv("MARK=own");
    return other;
}

int main(int count, char **arguments)
{
    static char *nothing[] = {NULL};

    if (count < 3)
        return 2;
    if (strcmp(arguments[1], "show") == 0)
        return show(count, arguments);
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        return 2;
    unsetenv("MARK");
    given = another_environment();
    if (strcmp(arguments[1], "all") == 0) {
        start_all(arguments[2]);
        return 0;
    }
    if (strcmp(arguments[1], "bare") == 0) {
        given = nothing;
        clearenv();
    }
    printf("%d\n", (int)start(arguments[2], arguments[3]));
    return 0;
}
