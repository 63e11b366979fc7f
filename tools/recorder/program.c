#include "recorder/program.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "recorder/clock.h"
#include "recorder/message.h"
#include "recorder/signals.h"

static int exit_status_of(int exec_error)
{
    return exec_error == ENOENT || exec_error == ENOTDIR ? FFITAP_EXIT_NOT_FOUND
                                                         : FFITAP_EXIT_NOT_EXECUTABLE;
}

/* Says why `name` was not executed. */
static int refuse(const char *name, int exec_error)
{
    ffitap_say("%s: %s", name, strerror(exec_error));
    return exit_status_of(exec_error);
}

int ffitap_program_probe(const char **command)
{
    const int error = ffitap_child_probe(command[0]);

    return error ? refuse(command[0], error) : 0;
}

void ffitap_program_init(struct ffitap_program *program, const char **command)
{
    *program = (struct ffitap_program){.command = command, .signals = -1};
    ffitap_signals_block(&program->mask);
}

static bool fork_child(struct ffitap_program *program, char **environment)
{
    const char **command = program->command;
    const bool forked = ffitap_child_fork(&program->child, command, environment, &program->mask);

    if (!forked)
        ffitap_say("%s: cannot start it: %s", command[0], strerror(errno));
    return forked;
}

bool ffitap_program_fork(struct ffitap_program *program, enum ffitap_preload what,
                         const struct ffitap_variable *variables, size_t count)
{
    char **environment = ffitap_preload_environment(what, variables, count);
    const bool forked = environment && fork_child(program, environment);

    ffitap_preload_free_environment(environment);
    if (!forked)
        return false;
    program->signals = ffitap_signals_open();
    if (program->signals < 0)
        ffitap_say("signalfd: %s", strerror(errno));
    return program->signals >= 0;
}

int ffitap_program_start(struct ffitap_program *program)
{
    const int error = ffitap_child_release(&program->child);

    return error ? refuse(program->command[0], error) : 0;
}

void ffitap_program_abandon(struct ffitap_program *program)
{
    ffitap_child_abandon(&program->child);
}

/* Does what is due at `*next`, and sets the next time. Times that were missed are left out. */
static void keep_time(const struct ffitap_program_beat *beat, uint64_t *next)
{
    if (ffitap_clock_ns() < *next)
        return;
    beat->beat(beat->data);
    const uint64_t late = ffitap_clock_ns() - *next;
    *next += (late / beat->interval_ns + 1) * beat->interval_ns;
}

void ffitap_program_wait(struct ffitap_program *program, struct ffitap_recording *recording,
                         const struct ffitap_program_beat *beat)
{
    const bool beats = beat && beat->interval_ns;
    uint64_t next = beats ? program->child.start_ns + beat->interval_ns : UINT64_MAX;
    struct ffitap_child_end end;

    while (!ffitap_child_reap(&program->child, &end)) {
        ffitap_signals_wait(program->signals, program->child.pid, next);
        if (beats)
            keep_time(beat, &next);
    }
    /* If Ctrl-C has ended the program, that does not mean that the user wants to skip the rest. So
     * the signal is taken off here. */
    ffitap_signals_asked_to_end(program->signals);
    recording->ended = true;
    recording->signaled = end.signaled;
    recording->code = end.code;
    recording->duration_ns = end.duration_ns;
}

int ffitap_program_exit_status(const struct ffitap_recording *recording)
{
    return recording->code + (recording->signaled ? FFITAP_EXIT_SIGNALED : 0);
}
