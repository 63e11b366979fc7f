#include "bench/measure.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "bench/counted.h"
#include "bench/recording.h"
#include "bench/worker.h"
#include "recorder/clock.h"
#include "recorder/directory.h"
#include "recorder/install_path.h"
#include "recorder/message.h"
#include "recorder/preload.h"
#include "recorder/signals.h"
#include "tap/base/environment.h"

/* How long a row takes in a round. It is short, so that the machine is as far as possible the same
 * for all rows of a round. */
#define SLICE_NS  (2 * FFITAP_SECOND_NS / 1000)
#define CALLS_MIN 16
#define TRIES     3

/* The most that one call writes when every event is recorded. A round must leave most of the
 * buffers free. */
#define CALL_BYTES   512
#define BUFFER_SHARE 4

#define PYTHON       "python3"

#define WORKERS      (FFITAP_BENCH_PROGRAMS * FFITAP_BENCH_STATES)

struct run {
    struct ffitap_bench_results *results;
    char *places[FFITAP_BENCH_PROGRAMS]; /* calls and calls.py */
    struct ffitap_directory directory;
    struct ffitap_bench_recording recording;
    struct ffitap_bench_signals signals;
    struct ffitap_bench_worker workers[WORKERS];
    const char *missing[WORKERS]; /* why a worker is not there, or of no use */
    const sigset_t *mask;         /* that ffitap was started with */
    bool shows_progress;
};

static struct ffitap_bench_worker *worker_of(struct run *run, const struct ffitap_bench_row *row)
{
    return &run->workers[row->loop->program * FFITAP_BENCH_STATES + row->state];
}

static const char *name_of(const struct run *run, const struct ffitap_bench_worker *worker)
{
    return worker->program == FFITAP_BENCH_PYTHON ? PYTHON : run->places[worker->program];
}

static const char **reason_of(struct run *run, const struct ffitap_bench_worker *worker)
{
    return &run->missing[worker - run->workers];
}

static void leave_recorded_out(struct run *run, const char *reason)
{
    for (int i = 0; i < WORKERS; i++) {
        if (ffitap_bench_is_recorded(run->workers[i].state) && !run->missing[i])
            run->missing[i] = reason;
    }
}

static void leave_program_out(struct run *run, enum ffitap_bench_program program,
                              const char *reason)
{
    for (int i = 0; i < WORKERS; i++) {
        if (run->workers[i].program == program)
            run->missing[i] = reason;
    }
}

/* Finds out what there is to measure with. Called before anything is forked. */
static bool look_around(struct run *run)
{
    struct ffitap_bench_results *results = run->results;
    cpu_set_t cpus;

    results->cpus = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? (unsigned)CPU_COUNT(&cpus) : 1;
    if (results->cpus < 2)
        results->no_second_thread = "there is one CPU for the bench";
    run->shows_progress = isatty(STDERR_FILENO);
    const int error = ffitap_child_probe(PYTHON);
    if (error) {
        snprintf(results->no_python, sizeof results->no_python, PYTHON ": %s", strerror(error));
        leave_program_out(run, FFITAP_BENCH_PYTHON, results->no_python);
    }
    run->places[FFITAP_BENCH_C] =
        ffitap_install_path_find(FFITAP_BENCH_BINDIR_TO_LIBEXECDIR "/calls");
    run->places[FFITAP_BENCH_PYTHON] =
        ffitap_install_path_find(FFITAP_BENCH_BINDIR_TO_LIBEXECDIR "/calls.py");
    return run->places[FFITAP_BENCH_C] && run->places[FFITAP_BENCH_PYTHON];
}

/* LTTng is the one thing that may be missing where ffitap works. */
static void prepare_recording(struct run *run)
{
    char *reason = run->results->no_trace;

    ffitap_message_keep(reason, sizeof run->results->no_trace);
    const bool prepared = ffitap_bench_recording_init(&run->recording);
    ffitap_message_keep(NULL, 0);
    if (!prepared)
        leave_recorded_out(run, reason);
}

/*
 * Makes the environment of a worker, as ffitap's commands make it for the programs that they run.
 */
static char **make_environment(const struct run *run, enum ffitap_bench_state state)
{
    const struct ffitap_variable variables[] = {
        {FFITAP__ENV_LTTNG, ffitap_bench_is_recorded(state) ? "1" : "0"},
        {FFITAP__ENV_STAT_DIR, run->directory.statistics},
        {FFITAP__ENV_RECORDING, run->recording.token},
        {"LTTNG_HOME", run->recording.daemon.home},
        {"LTTNG_UST_REGISTER_TIMEOUT", "10000"},
    };
    static const struct {
        enum ffitap_preload preload;
        size_t variables;
    } needed[FFITAP_BENCH_STATES] = {
        [FFITAP_BENCH_UNTRACED] = {FFITAP_PRELOAD_NOTHING, 1},
        [FFITAP_BENCH_DORMANT] = {FFITAP_PRELOAD_COUNTING, 1},
        [FFITAP_BENCH_STAT] = {FFITAP_PRELOAD_COUNTING, 2},
        [FFITAP_BENCH_RECORD] = {FFITAP_PRELOAD_TRACING, 5},
        [FFITAP_BENCH_DETAIL] = {FFITAP_PRELOAD_TRACING, 5},
    };

    return ffitap_preload_environment(needed[state].preload, variables, needed[state].variables);
}

static bool fork_worker(struct run *run, struct ffitap_bench_worker *worker)
{
    char *place = run->places[worker->program];
    const char *native[] = {place, NULL, NULL};
    const char *python[] = {PYTHON, "-B", place, NULL, NULL};
    char **environment = make_environment(run, worker->state);

    if (!environment)
        return false;
    const bool forked = ffitap_bench_worker_fork(
        worker, worker->program == FFITAP_BENCH_PYTHON ? python : native, environment, run->mask);
    if (!forked)
        ffitap_say("%s: cannot start it: %s", place, strerror(errno));
    ffitap_preload_free_environment(environment);
    return forked;
}

/* Forks all workers at once, because what is done after this changes ffitap's own process. */
static bool fork_workers(struct run *run)
{
    for (int i = 0; i < WORKERS; i++) {
        if (!run->missing[i] && !fork_worker(run, &run->workers[i]))
            return false;
    }
    run->signals.descriptor = ffitap_signals_open();
    if (run->signals.descriptor < 0)
        ffitap_say("signalfd: %s", strerror(errno));
    return run->signals.descriptor >= 0;
}

static void end_recorded(struct run *run)
{
    for (int i = 0; i < WORKERS; i++) {
        if (ffitap_bench_is_recorded(run->workers[i].state))
            ffitap_bench_worker_end(&run->workers[i]);
    }
}

static void start_recording(struct run *run)
{
    struct ffitap_bench_members members[FFITAP_BENCH_SESSIONS] = {{.set = FFITAP_EVENTS_CALLS},
                                                                  {.set = FFITAP_EVENTS_DETAIL}};
    char *reason = run->results->no_trace;

    if (*reason)
        return;
    for (int i = 0; i < WORKERS; i++) {
        const enum ffitap_bench_state state = run->workers[i].state;
        if (ffitap_bench_is_recorded(state) && !run->missing[i]) {
            struct ffitap_bench_members *of = &members[state == FFITAP_BENCH_DETAIL];
            of->pids[of->count++] = run->workers[i].child.pid;
        }
    }
    ffitap_message_keep(reason, sizeof run->results->no_trace);
    const bool started =
        ffitap_bench_recording_start(&run->recording, run->directory.path, members);
    ffitap_message_keep(NULL, 0);
    if (started)
        return;
    leave_recorded_out(run, reason);
    end_recorded(run);
}

static void release_worker(struct run *run, struct ffitap_bench_worker *worker)
{
    struct ffitap_bench_results *results = run->results;
    const int error = ffitap_bench_worker_release(worker);

    if (!error)
        return;
    snprintf(results->no_python, sizeof results->no_python, "%s: %s", name_of(run, worker),
             strerror(error));
    leave_program_out(run, worker->program, results->no_python);
}

/* Waits until the worker is ready. */
static void welcome_worker(struct run *run, struct ffitap_bench_worker *worker)
{
    struct ffitap_bench_results *results = run->results;
    const bool is_python = worker->program == FFITAP_BENCH_PYTHON;
    char answer[256] = "! it ended instead of starting";
    char *reason = is_python ? results->no_python : results->not_seen[FFITAP_BENCH_C];

    ffitap_bench_worker_hear(worker, &run->signals, answer, sizeof answer);
    if (strncmp(answer, "ready", 5) != 0) {
        snprintf(reason, FFITAP_BENCH_REASON_SIZE, "%s: %s", name_of(run, worker), answer + 2);
        leave_program_out(run, worker->program, reason);
    } else if (!is_python) {
        results->clock = strstr(answer, FFITAP__TICKS_SOURCE) ? FFITAP__TICKS_SOURCE : "monotonic";
    }
}

/* Starts the workers one after another, so that each has the machine for itself while it starts. */
static void start_workers(struct run *run)
{
    for (int i = 0; i < WORKERS && !run->signals.ended_by; i++) {
        if (!run->missing[i])
            release_worker(run, &run->workers[i]);
        if (!run->missing[i])
            welcome_worker(run, &run->workers[i]);
    }
    for (int i = 0; i < WORKERS && !run->signals.ended_by; i++) {
        struct ffitap_bench_worker *worker = &run->workers[i];
        if (ffitap_bench_is_recorded(worker->state) && !run->missing[i] &&
            !ffitap_bench_worker_is_listened_to(worker, &run->signals)) {
            char *reason = run->results->not_seen[worker->program];
            snprintf(reason, FFITAP_BENCH_REASON_SIZE, "%s: LTTng does not record it",
                     name_of(run, worker));
            run->missing[i] = reason;
        }
    }
}

static bool lost_worker(const struct run *run, const struct ffitap_bench_worker *worker)
{
    if (!run->signals.ended_by)
        ffitap_say("%s (%s): gives no answer", name_of(run, worker),
                   ffitap_bench_state_names[worker->state]);
    return false;
}

/* Takes the shortest time of a few tries, because a disturbance can only make a try longer. */
static bool try_row(struct run *run, const struct ffitap_bench_row *row, uint64_t calls,
                    uint64_t *best_ns)
{
    struct ffitap_bench_worker *worker = worker_of(run, row);

    *best_ns = UINT64_MAX;
    for (int i = 0; i < TRIES; i++) {
        uint64_t elapsed_ns;
        if (!ffitap_bench_worker_measure(worker, &run->signals, row, calls, &elapsed_ns))
            return lost_worker(run, worker);
        *best_ns = elapsed_ns < *best_ns ? elapsed_ns : *best_ns;
    }
    return true;
}

/*
 * Finds out how many calls fill a slice. With two threads, each makes as many calls as one thread
 * alone: if a thread is not put on a CPU at once, the time of a few calls would be the time of
 * waiting for a CPU.
 */
static bool calibrate(struct run *run, enum ffitap_bench_row_id id)
{
    const struct ffitap_bench_row *row = &ffitap_bench_rows[id];

    if (row->threads > 1) {
        run->results->figures[id].round_calls = run->results->figures[row->against].round_calls;
        return true;
    }
    const uint64_t limit = ffitap_bench_is_recorded(row->state)
                               ? run->recording.buffer_bytes / (BUFFER_SHARE * CALL_BYTES)
                               : UINT64_MAX;
    uint64_t calls = CALLS_MIN, elapsed_ns = 0;

    for (;; calls *= 4) {
        if (calls > limit)
            calls = limit;
        if (!try_row(run, row, calls, &elapsed_ns))
            return false;
        if (elapsed_ns >= SLICE_NS / 4 || calls == limit)
            break;
    }
    calls = (uint64_t)((double)calls * SLICE_NS / (double)(elapsed_ns + 1)) + 1;
    calls = calls < CALLS_MIN ? CALLS_MIN : calls;
    run->results->figures[id].round_calls = calls < limit ? calls : limit;
    return true;
}

static bool measure_row(struct run *run, enum ffitap_bench_row_id id, unsigned round)
{
    const struct ffitap_bench_row *row = &ffitap_bench_rows[id];
    struct ffitap_bench_figure *figure = &run->results->figures[id];
    struct ffitap_bench_worker *worker = worker_of(run, row);
    uint64_t elapsed_ns;

    if (!ffitap_bench_worker_measure(worker, &run->signals, row, figure->round_calls, &elapsed_ns))
        return lost_worker(run, worker);
    figure->ns[round] = (double)elapsed_ns / (double)(figure->round_calls * row->threads);
    return true;
}

/* The rows that can be measured, `*count` of them. */
static void list_rows(struct run *run, enum ffitap_bench_row_id *rows, unsigned *count)
{
    *count = 0;
    for (enum ffitap_bench_row_id id = 0; id < FFITAP_BENCH_ROWS; id++) {
        const struct ffitap_bench_row *row = &ffitap_bench_rows[id];
        const char **missing = &run->results->figures[id].missing;
        *missing = *reason_of(run, worker_of(run, row));
        if (!*missing && row->threads > 1)
            *missing = run->results->no_second_thread;
        if (!*missing)
            rows[(*count)++] = id;
    }
}

/* Puts the rows into another order each time. A row may suffer from the row before it, and so
 * chance decides which row that is. */
static void shuffle(enum ffitap_bench_row_id *rows, unsigned count, unsigned *seed)
{
    for (unsigned i = count; i > 1; i--) {
        const unsigned other = (unsigned)rand_r(seed) % i;
        const enum ffitap_bench_row_id row = rows[i - 1];
        rows[i - 1] = rows[other];
        rows[other] = row;
    }
}

static void show_progress(const struct run *run, unsigned round)
{
    if (run->shows_progress)
        fprintf(stderr, "\rffitap: round %u of %u", round + 1, run->results->rounds);
}

static void hide_progress(const struct run *run)
{
    if (run->shows_progress)
        fprintf(stderr, "\r%40s\r", "");
}

static bool measure_rounds(struct run *run)
{
    enum ffitap_bench_row_id rows[FFITAP_BENCH_ROWS];
    unsigned count, seed = 1;
    bool complete = true;

    list_rows(run, rows, &count);
    for (unsigned i = 0; complete && i < count; i++)
        complete = calibrate(run, rows[i]);
    const uint64_t begun_ns = ffitap_clock_ns();
    for (unsigned round = 0; complete && round < run->results->rounds; round++) {
        show_progress(run, round);
        shuffle(rows, count, &seed);
        for (unsigned i = 0; complete && i < count; i++)
            complete = measure_row(run, rows[i], round);
    }
    hide_progress(run);
    run->results->duration_ns = ffitap_clock_ns() - begun_ns;
    return complete;
}

/* Whether ffitap counted exactly the calls that the worker made. */
static bool was_seen(struct run *run, const struct ffitap_bench_worker *worker, pid_t pid)
{
    const uint64_t counted = ffitap_bench_count_calls(run->directory.statistics, pid, "abs");
    struct ffitap_bench_results *results = run->results;

    if (counted == worker->calls)
        return true;
    snprintf(results->not_seen[worker->program], FFITAP_BENCH_REASON_SIZE,
             "%s: of its %" PRIu64 " foreign calls (%s) ffitap saw %" PRIu64 "%s",
             name_of(run, worker), worker->calls, ffitap_bench_state_names[worker->state], counted,
             counted ? "" : "; it may have a libffi of its own");
    return false;
}

static void leave_traced_out(struct run *run, enum ffitap_bench_program program, const char *reason)
{
    for (int id = 0; id < FFITAP_BENCH_ROWS; id++) {
        const struct ffitap_bench_row *row = &ffitap_bench_rows[id];
        struct ffitap_bench_figure *figure = &run->results->figures[id];
        if (row->loop->program == program && row->state != FFITAP_BENCH_UNTRACED &&
            !figure->missing)
            figure->missing = reason;
    }
}

/* Ends the workers, and leaves out the figures of those whose calls ffitap has not counted
 * correctly. */
static void check(struct run *run)
{
    for (int i = 0; i < WORKERS; i++) {
        struct ffitap_bench_worker *worker = &run->workers[i];
        const pid_t pid = worker->child.pid;
        ffitap_bench_worker_end(worker);
        if (!run->missing[i] && worker->state >= FFITAP_BENCH_STAT && !was_seen(run, worker, pid))
            leave_traced_out(run, worker->program, run->results->not_seen[worker->program]);
    }
}

static int measure(struct run *run)
{
    if (!look_around(run) || !ffitap_directory_create_temporary(&run->directory) ||
        !ffitap_directory_open_statistics(&run->directory))
        return FFITAP_EXIT_FAILED;
    prepare_recording(run);
    if (!fork_workers(run))
        return FFITAP_EXIT_FAILED;
    start_recording(run);
    start_workers(run);
    const struct ffitap_bench_worker *needed = &run->workers[FFITAP_BENCH_UNTRACED];
    if (!run->signals.ended_by && *reason_of(run, needed)) {
        ffitap_say("%s", *reason_of(run, needed));
        return FFITAP_EXIT_FAILED;
    }
    if (run->signals.ended_by || !measure_rounds(run))
        return run->signals.ended_by ? FFITAP_EXIT_SIGNALED + run->signals.ended_by
                                     : FFITAP_EXIT_FAILED;
    run->results->discarded_events =
        ffitap_bench_recording_stop(&run->recording, run->signals.descriptor);
    check(run);
    return 0;
}

static void finish(struct run *run)
{
    for (int i = 0; i < WORKERS; i++)
        ffitap_bench_worker_end(&run->workers[i]);
    ffitap_bench_recording_end(&run->recording);
    ffitap_directory_undo(&run->directory);
    ffitap_directory_fini(&run->directory);
    for (int i = 0; i < FFITAP_BENCH_PROGRAMS; i++)
        free(run->places[i]);
}

static void explain(const struct ffitap_bench_results *results)
{
    if (*results->no_trace)
        ffitap_say("recording is not measured: %s", results->no_trace);
    if (*results->no_python)
        ffitap_say("ctypes is not measured: %s", results->no_python);
    for (int i = 0; i < FFITAP_BENCH_PROGRAMS; i++) {
        if (*results->not_seen[i])
            ffitap_say("tracing is not measured: %s", results->not_seen[i]);
    }
    if (results->no_second_thread)
        ffitap_say("two threads at once are not measured: %s", results->no_second_thread);
    if (results->discarded_events)
        ffitap_say("%" PRIu64 " events found no room: recording seems cheaper here than it is",
                   results->discarded_events);
}

int ffitap_bench_measure(struct ffitap_bench_results *results, const sigset_t *mask)
{
    struct run run = {
        .results = results,
        .mask = mask,
        .recording = ffitap_bench_no_recording,
        .signals = {.descriptor = -1},
    };

    for (int i = 0; i < WORKERS; i++)
        run.workers[i] = (struct ffitap_bench_worker){
            .program = (enum ffitap_bench_program)(i / FFITAP_BENCH_STATES),
            .state = (enum ffitap_bench_state)(i % FFITAP_BENCH_STATES),
            .line = -1,
        };
    const int status = measure(&run);
    finish(&run);
    if (status == 0)
        explain(results);
    return status;
}
