/*
 * What runs another program: execve(2) and its family, posix_spawn(3), system(3) and popen(3). The
 * tap leaves a note of each program that is started, because a program that cannot be seen cannot
 * say so itself. An exec function leaves the note first; spawn() below has to leave it afterwards.
 * Each real function gets the arguments that the program gave and finds errno as it was, and what
 * it leaves in errno stays.
 *
 * Children of vfork(2) come here too, in their parent's memory. So this file writes to its stack
 * and to `noting` only.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "shim/interfaces/hook.h"
#include "tap/base/fast.h"
#include "tap/known/exec.h"

/*
 * The number of the process that is in a hook in this thread. Another library may have put a
 * function in the place of the real one, and that function may call a hook again: this is not noted
 * a second time. A number is kept and no flag, because a child of vfork(2) may be gone and have
 * left its own number here: that number is not this process's, and so it means nothing.
 */
static FFITAP__THREAD_LOCAL pid_t noting;

/* An exec that is tried. Control comes back here only if it failed. */
struct attempt {
    struct ffitap__exec_note note;
    bool is_outermost;
};

static void begin(struct attempt *attempt, const struct ffitap__exec_program *program)
{
    *attempt = (struct attempt){.is_outermost = false};
    if (!ffitap__exec_is_noted() || noting == getpid())
        return;
    noting = getpid();
    attempt->is_outermost = true;
    attempt->note = ffitap__exec_leave(program, noting, getppid(), ffitap__exec_moment());
}

static int fail(const struct attempt *attempt, int result)
{
    if (attempt->is_outermost) {
        ffitap__exec_withdraw(&attempt->note);
        noting = 0;
    }
    return result;
}

static int hook_execve(const char *path, char *const arguments[], char *const environment[])
{
    struct attempt attempt;

    begin(&attempt, &(struct ffitap__exec_program){
                        .directory = AT_FDCWD, .name = path, .environment = environment});
    return fail(&attempt, execve(path, arguments, environment));
}

static int hook_execv(const char *path, char *const arguments[])
{
    struct attempt attempt;

    begin(&attempt, &(struct ffitap__exec_program){
                        .directory = AT_FDCWD, .name = path, .environment = environ});
    return fail(&attempt, execv(path, arguments));
}

static int hook_execvp(const char *name, char *const arguments[])
{
    struct attempt attempt;

    begin(&attempt,
          &(struct ffitap__exec_program){
              .directory = AT_FDCWD, .name = name, .is_searched = true, .environment = environ});
    return fail(&attempt, execvp(name, arguments));
}

static int hook_execvpe(const char *name, char *const arguments[], char *const environment[])
{
    struct attempt attempt;

    begin(&attempt, &(struct ffitap__exec_program){.directory = AT_FDCWD,
                                                   .name = name,
                                                   .is_searched = true,
                                                   .environment = environment});
    return fail(&attempt, execvpe(name, arguments, environment));
}

static int hook_fexecve(int file, char *const arguments[], char *const environment[])
{
    struct attempt attempt;

    begin(&attempt, &(struct ffitap__exec_program){
                        .directory = file, .name = "", .environment = environment});
    return fail(&attempt, fexecve(file, arguments, environment));
}

static int hook_execveat(int directory, const char *path, char *const arguments[],
                         char *const environment[], int flags)
{
    struct attempt attempt;

    begin(&attempt, &(struct ffitap__exec_program){
                        .directory = directory, .name = path, .environment = environment});
    return fail(&attempt, execveat(directory, path, arguments, environment, flags));
}

typedef int executor(const char *name, char *const arguments[], char *const environment[]);

/* For functions that take their arguments one by one, with the environment behind the NULL in
 * execle(3). The array of arguments lies on the stack, as in glibc's own functions. */
static int execute_listed(executor *execute, const char *name, const char *first, va_list rest,
                          bool has_environment)
{
    size_t count = 0;
    va_list copy;

    va_copy(copy, rest);
    for (const char *argument = first; argument; argument = va_arg(copy, const char *))
        count++;
    va_end(copy);

    char *arguments[count + 1];
    arguments[0] = (char *)first;
    for (size_t i = 1; i <= count; i++)
        arguments[i] = va_arg(rest, char *);
    return execute(name, arguments, has_environment ? va_arg(rest, char **) : environ);
}

static int hook_execl(const char *path, const char *first, ...)
{
    va_list rest;

    va_start(rest, first);
    const int result = execute_listed(hook_execve, path, first, rest, false);
    va_end(rest);
    return result;
}

static int hook_execlp(const char *name, const char *first, ...)
{
    va_list rest;

    va_start(rest, first);
    const int result = execute_listed(hook_execvpe, name, first, rest, false);
    va_end(rest);
    return result;
}

static int hook_execle(const char *path, const char *first, ...)
{
    va_list rest;

    va_start(rest, first);
    const int result = execute_listed(hook_execve, path, first, rest, true);
    va_end(rest);
    return result;
}

typedef int spawner(pid_t *child, const char *name, const posix_spawn_file_actions_t *actions,
                    const posix_spawnattr_t *attributes, char *const arguments[],
                    char *const environment[]);

/*
 * The child's number is known only when the child is running. So this note may come after the child
 * has looked for notes to take away. It may also come after notes that the child has left itself,
 * and then takes another name than theirs. But the moment in the note is from before the child's
 * start, and so a reader can still tell what happened.
 */
static int spawn(spawner *real, bool is_searched, pid_t *child, const char *name,
                 const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
                 char *const arguments[], char *const environment[])
{
    const uint64_t moment_ns = ffitap__exec_moment();
    pid_t unasked;
    pid_t *asked = child ? child : &unasked;

    if (!ffitap__exec_is_noted() || noting == getpid())
        return real(child, name, actions, attributes, arguments, environment);
    noting = getpid();
    const int result = real(asked, name, actions, attributes, arguments, environment);
    noting = 0;
    if (result == 0)
        ffitap__exec_leave(&(struct ffitap__exec_program){.directory = AT_FDCWD,
                                                          .name = name,
                                                          .is_searched = is_searched,
                                                          .is_moved = actions != NULL,
                                                          .environment = environment},
                           *asked, getpid(), moment_ns);
    return result;
}

static int hook_posix_spawn(pid_t *child, const char *path,
                            const posix_spawn_file_actions_t *actions,
                            const posix_spawnattr_t *attributes, char *const arguments[],
                            char *const environment[])
{
    return spawn(posix_spawn, false, child, path, actions, attributes, arguments, environment);
}

static int hook_posix_spawnp(pid_t *child, const char *name,
                             const posix_spawn_file_actions_t *actions,
                             const posix_spawnattr_t *attributes, char *const arguments[],
                             char *const environment[])
{
    return spawn(posix_spawnp, true, child, name, actions, attributes, arguments, environment);
}

static struct ffitap__exec_note leave_shell(void)
{
    return ffitap__exec_is_noted() ? ffitap__exec_leave_shell(environ)
                                   : (struct ffitap__exec_note){.is_there = false};
}

/* If system(3) fails with ECHILD, the shell ran, and somebody else has waited for it. */
static int hook_system(const char *command)
{
    if (!command)
        return system(command);
    const struct ffitap__exec_note note = leave_shell();
    const int status = system(command);
    if (status < 0 && errno != ECHILD)
        ffitap__exec_withdraw(&note);
    return status;
}

static FILE *hook_popen(const char *command, const char *mode)
{
    const struct ffitap__exec_note note = leave_shell();
    FILE *stream = popen(command, mode);

    if (!stream)
        ffitap__exec_withdraw(&note);
    return stream;
}

static const struct ffitap__hook hooks[] = {
    {"execl", hook_execl, execl},
    {"execle", hook_execle, execle},
    {"execlp", hook_execlp, execlp},
    {"execv", hook_execv, execv},
    {"execve", hook_execve, execve},
    {"execveat", hook_execveat, execveat},
    {"execvp", hook_execvp, execvp},
    {"execvpe", hook_execvpe, execvpe},
    {"fexecve", hook_fexecve, fexecve},
    {"popen", hook_popen, popen},
    {"posix_spawn", hook_posix_spawn, posix_spawn},
    {"posix_spawnp", hook_posix_spawnp, posix_spawnp},
    {"system", hook_system, system},
};

static bool is_in_program(const void *function)
{
    const struct ffitap__object *object = ffitap__object_at(function);
    const uintptr_t headers = getauxval(AT_PHDR);

    return object && headers >= object->elf.start && headers < object->elf.end;
}

/*
 * A slot is hooked only if it leads to the C library's function, or to that of a library that
 * replaces it: a program's own "system" may be anything. A slot that is not bound yet will lead to
 * one of these two.
 */
static void *replacement(const struct ffitap__object *object, const struct ffitap__hook *hook,
                         const struct ffitap__slot *slot)
{
    const void *target = ffitap__slot_target(&object->elf, slot);

    if (slot->symbol->st_shndx != SHN_UNDEF || (target && target != hook->real) ||
        is_in_program(hook->real))
        return NULL;
    return hook->replacement;
}

const struct ffitap__interface ffitap__exec_interface = {
    FFITAP__HOOKS(hooks),
    .replacement = replacement,
};
