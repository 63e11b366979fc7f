/* Notes of programs that were started: which programs were seen, why others were not, and what is
 * no note. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "report/base/exec_note.h"
#include "report/read/statistics.h"
#include "report/read/exec_notes.h"
#include "report/model/unseen.h"
#include "tap/base/clock.h"

#define MOMENT "5000"

static struct ffitap__model *model;
static struct ffitap__report_sink sink;
static char folder[64];

static void create(void)
{
    strcpy(folder, "/tmp/ffitap-test-XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
    model = ffitap__model_create("");
    sink = ffitap__model_sink(model);
}

static void destroy(void)
{
    char command[96];

    ffitap__model_destroy(model);
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_expect(eq(int, system(command), 0));
}

TestSuite(unseen, .init = create, .fini = destroy);

static char *path_of(const char *name)
{
    static char path[512];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void leave(const char *name, const char *text)
{
    cr_assert(eq(int, symlink(text, path_of(name)), 0));
}

static void write_file(const char *name, const char *text, size_t size)
{
    const int file = open(path_of(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

    cr_assert(eq(sz, (size_t)write(file, text, size), size));
    close(file);
}

/* Tells the model of a process, as a trace or a statistics file would. It started at `start_ns`; 0:
 * not known. */
static void tell_process(int pid, uint64_t start_ns)
{
    const struct ffitap__at at = {.wall_ns = 1, .pid = pid, .tid = pid};

    ffitap__feed_process(&sink, &at,
                         &(struct ffitap__process_event){
                             .pid = pid, .start_ns = start_ns, .exe = "", .recording = ""});
}

static void read_all(void)
{
    ffitap__exec_notes_read_folder(&sink, folder);
    ffitap__model_finish(model);
    ffitap__unseen_settle(model);
}

static const struct ffitap__unseen *unseen(unsigned index)
{
    cr_assert(model->unseen->len > index);
    return &g_array_index(model->unseen, struct ffitap__unseen, index);
}

static const char *damage(void)
{
    return model->damaged->len ? g_ptr_array_index(model->damaged, 0) : "";
}

Test(unseen, names_the_process_and_what_its_environment_lacked)
{
    leave("17.exec", "ffitap-exec-1 17 10 " MOMENT " 3 /no/such file");
    leave("18.exec", "ffitap-exec-1 18 10 6000 1 /no/such");
    leave("19.exec", "ffitap-exec-1 19 10 7000 2 /no/such");
    read_all();
    cr_assert(eq(uint, model->unseen->len, 3));
    cr_expect(eq(int, unseen(0)->pid, 17));
    cr_expect(eq(str, (char *)unseen(0)->why,
                 "it ran /no/such file, and its environment lacked LD_PRELOAD and "
                 "FFITAP_STAT_DIR as ffitap had set them"));
    cr_expect(eq(str, (char *)unseen(1)->why,
                 "it ran /no/such, and its environment lacked LD_PRELOAD as ffitap had set it"));
    cr_expect(
        eq(str, (char *)unseen(2)->why,
           "it ran /no/such, and its environment lacked FFITAP_STAT_DIR as ffitap had set it"));
    cr_expect(eq(str, (char *)damage(), ""));
}

Test(unseen, names_a_shell_by_who_ran_it)
{
    leave("0.123.exec", "ffitap-exec-1 0 10 " MOMENT " 3 /bin/sh");
    read_all();
    cr_expect(eq(int, unseen(0)->pid, 0));
    cr_expect(eq(str, (char *)unseen(0)->why,
                 "system(3) or popen(3) of process 10 ran /bin/sh, and its environment lacked "
                 "LD_PRELOAD and FFITAP_STAT_DIR as ffitap had set them"));
}

Test(unseen, misses_none_that_came_after_its_note)
{
    leave("17.exec", "ffitap-exec-1 17 10 " MOMENT " 0 /no/such");
    tell_process(17, 5000);
    read_all();
    cr_expect(eq(uint, model->unseen->len, 0));
}

Test(unseen, misses_one_that_another_program_of_the_process_started)
{
    leave("17.exec", "ffitap-exec-1 17 10 " MOMENT " 0 /no/such");
    tell_process(17, 4999);
    read_all();
    cr_expect(eq(uint, model->unseen->len, 1));
}

Test(unseen, misses_none_whose_start_nobody_knows)
{
    leave("17.exec", "ffitap-exec-1 17 10 " MOMENT " 0 /no/such");
    tell_process(17, 0);
    read_all();
    cr_expect(eq(uint, model->unseen->len, 0));
}

Test(unseen, misses_one_whose_number_went_to_another)
{
    leave("17.8000.exec", "ffitap-exec-1 17 10 " MOMENT " 0 /no/such");
    tell_process(17, 8000);
    read_all();
    cr_expect(eq(uint, model->unseen->len, 1));
}

Test(unseen, misses_one_that_a_trace_knows_before_it)
{
    const struct ffitap__at at = {.wall_ns = 1, .pid = 17, .tid = 17};

    tell_process(17, 4000);
    ffitap__feed_call(&sink, &at, &(struct ffitap__call_event){.function_id = 1});
    leave("17.exec", "ffitap-exec-1 17 10 " MOMENT " 3 /no/such");
    read_all();
    cr_expect(eq(uint, model->unseen->len, 1));
}

Test(unseen, says_what_of_the_file_it_was)
{
    char note[256];

    leave("17.exec", "ffitap-exec-1 17 10 " MOMENT " 0 /no/such");
    leave("18.exec", "ffitap-exec-1 18 10 6000 0 /");
    snprintf(note, sizeof note, "ffitap-exec-1 19 10 7000 0 %s", STATIC_PROGRAM);
    leave("19.exec", note);
    leave("20.exec", "ffitap-exec-1 20 10 8000 0 /bin/true");
    leave("21.exec", "ffitap-exec-1 21 10 9000 0 relative");
    leave("22.exec", "ffitap-exec-1 22 10 9001 0 ");
    read_all();
    cr_expect(eq(str, (char *)unseen(0)->why, "it ran /no/such, which is not there any more"));
    cr_expect(eq(str, (char *)unseen(1)->why, "it ran /, which is no file any more"));
    cr_expect(
        eq(str, (char *)unseen(2)->why, "it ran " STATIC_PROGRAM ", which is statically linked"));
    cr_expect(strstr(unseen(3)->why, "/bin/true: it ended before the dynamic linker") != NULL);
    cr_expect(strstr(unseen(4)->why, "relative: it is statically linked, or ") != NULL);
    cr_expect(strstr(unseen(5)->why, "a program without a name: it is ") != NULL);
}

Test(unseen, follows_scripts_no_further_than_the_kernel)
{
    char line[600], note[600];

    snprintf(line, sizeof line, "#!%s", path_of("loop"));
    write_file("loop", line, strlen(line));
    chmod(path_of("loop"), 04755);
    snprintf(note, sizeof note, "ffitap-exec-1 17 10 " MOMENT " 0 %s", path_of("loop"));
    leave("17.exec", note);
    read_all();
    cr_expect(strstr(unseen(0)->why, "loop, which is set-user-ID") != NULL);
}

Test(unseen, looks_at_no_file_that_was_run_on_another_machine)
{
    struct ffitap_recording recording = {.host = "somewhere else", .ended = true, .program = "/"};

    ffitap__unseen_prepare(model, &recording);
    leave("17.exec", "ffitap-exec-1 17 10 " MOMENT " 0 /no/such");
    read_all();
    cr_expect(strstr(unseen(0)->why, "/no/such: it is statically linked, or ") != NULL);
    cr_expect(eq(ptr, (void *)model->command_why, NULL));
}

/* The note is of this test's own process, which runs, and so could be about to load the tap. */
Test(unseen, waits_for_what_is_only_starting)
{
    struct ffitap_recording recording = {.host = ""};
    char note[128];

    snprintf(note, sizeof note, "ffitap-exec-1 %d 10 %lu 0 /no/such", (int)getpid(),
             (unsigned long)ffitap__clock_monotonic_ns());
    leave("17.exec", note);
    ffitap__unseen_prepare(model, &recording);
    model->now_ns = ffitap__clock_monotonic_ns();
    read_all();
    cr_expect(eq(uint, model->unseen->len, 0));
}

Test(unseen, waits_for_nothing_when_the_recording_has_ended)
{
    struct ffitap_recording recording = {.host = "", .ended = true};
    char note[128];

    snprintf(note, sizeof note, "ffitap-exec-1 %d 10 %lu 0 /no/such", (int)getpid(),
             (unsigned long)ffitap__clock_monotonic_ns());
    leave("17.exec", note);
    ffitap__unseen_prepare(model, &recording);
    read_all();
    cr_expect(eq(uint, model->unseen->len, 1));
}

static const char *const damaged[] = {
    "",
    "somewhere",
    "ffitap-exec-1",
    "ffitap-exec-1 ",
    "ffitap-exec-1 17",
    "ffitap-exec-1 17 10 5000 0",
    "ffitap-exec-1 17 10 5000  /bin/true",
    "ffitap-exec-1 17 10  0 /bin/true",
    "ffitap-exec-1 -17 10 5000 0 /bin/true",
    "ffitap-exec-1 17 x 5000 0 /bin/true",
    "ffitap-exec-1 4294967313 10 5000 0 /bin/true",
    "ffitap-exec-1 17 10 99999999999999999999 0 /bin/true",
    "ffitap-exec-2 17 10 5000 0 /bin/true",
};

Test(unseen, takes_nothing_from_a_damaged_note)
{
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        write_file("17.exec", damaged[i], strlen(damaged[i]));
        read_all();
        unlink(path_of("17.exec"));
        cr_expect(eq(uint, model->unseen->len, 0), "'%s'", damaged[i]);
        cr_assert(eq(uint, model->damaged->len, i + 1), "'%s'", damaged[i]);
        cr_expect(eq(str, g_ptr_array_index(model->damaged, i),
                     "note of a program that was started, 17.exec: is damaged"));
    }
}

Test(unseen, takes_no_other_thing_for_a_note)
{
    cr_assert(eq(int, mkfifo(path_of("17.exec"), 0666), 0));
    cr_assert(eq(int, mkdir(path_of("18.exec"), 0777), 0));
    read_all();
    cr_expect(eq(uint, model->unseen->len, 0));
    cr_assert(eq(uint, model->damaged->len, 2));
    cr_expect(strstr(damage(), "is no note") != NULL);
}

Test(unseen, reads_no_more_of_a_file_than_a_note_has)
{
    char *much = malloc(1 << 20);

    memset(much, 'x', 1 << 20);
    memcpy(much, "ffitap-exec-1 17 10 5000 0 /", 28);
    write_file("17.exec", much, 1 << 20);
    memset(much + 28, 0, 5);
    write_file("18.exec", much, 100);
    free(much);
    read_all();
    cr_expect(eq(uint, model->unseen->len, 0));
    cr_expect(eq(uint, model->damaged->len, 2));
}

Test(unseen, does_not_look_for_a_file_whose_name_was_cut)
{
    char note[FFITAP__EXEC_NOTE_MAX + 1];

    memset(note, 'x', sizeof note - 1);
    note[sizeof note - 1] = '\0';
    memcpy(note, "ffitap-exec-1 17 10 5000 0 /", 28);
    leave("17.exec", note);
    read_all();
    cr_expect(strstr(unseen(0)->why, ": it is statically linked, or ") != NULL);
}

Test(unseen, takes_other_names_for_none)
{
    static const char *const names[] = {
        "x.exec",    "17.exec.new", "exec",     ".exec",   "17.",
        "17.x.exec", "17.1.2.exec", "17.execs", "-1.exec", "99999999999999999999.exec"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        leave(names[i], "nothing");
    read_all();
    cr_expect(eq(uint, model->damaged->len, 0), "%s", damage());
}

Test(unseen, keeps_notes_as_files_that_say_the_same)
{
    struct stat status;

    leave("17.exec", "ffitap-exec-1 17 10 " MOMENT " 3 /no/such");
    leave("other", "nothing");
    ffitap_notes_keep(folder);
    cr_assert(eq(int, lstat(path_of("17.exec"), &status), 0));
    cr_expect(eq(uint, status.st_mode & S_IFMT, S_IFREG));
    cr_assert(eq(int, lstat(path_of("other"), &status), 0));
    cr_expect(eq(uint, status.st_mode & S_IFMT, S_IFLNK));
    cr_expect(ne(int, access(path_of("17.exec.new"), F_OK), 0));
    read_all();
    cr_expect(eq(int, unseen(0)->pid, 17));
}

/* Somebody put something in the way. */
Test(unseen, keeps_a_note_as_it_is_if_it_must)
{
    struct stat status;

    leave("17.exec", "ffitap-exec-1 17 10 " MOMENT " 3 /no/such");
    cr_assert(eq(int, mkdir(path_of("17.exec.new"), 0777), 0));
    ffitap_notes_keep(folder);
    cr_assert(eq(int, lstat(path_of("17.exec"), &status), 0));
    cr_expect(eq(uint, status.st_mode & S_IFMT, S_IFLNK));
}
