/* Notes of programs that are started: what they say, when they are removed, and what is said if
 * there is no note. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tap/known/exec.h"
#include "tap/statistics/exec_note.h"
#include "tap/base/lock.h"
#include "tap/statistics/storage.h"

#define MOMENT 5000

static char folder[64];
static char variable[128];
static char *seen[] = {"A=B", "LD_PRELOAD=/lib/one.so:/lib/libffitap-shim.so", variable, NULL};
static char text[FFITAP__EXEC_NOTE_MAX + 2];

static void create(void)
{
    strcpy(folder, "/tmp/ffitap-test-XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
    snprintf(variable, sizeof variable, "FFITAP_STAT_DIR=%s", folder);
    ffitap__exec_start(folder);
}

static void remove_folder(void)
{
    char command[96];

    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert(eq(int, system(command), 0));
}

TestSuite(tap_exec, .init = create, .fini = remove_folder);

/* What the note of that name says, "" if there is none. */
static char *note(const char *name)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    const ssize_t size = readlink(path, text, sizeof text - 1);
    text[size > 0 ? size : 0] = '\0';
    return text;
}

static unsigned count_notes(void)
{
    DIR *directory = opendir(folder);
    unsigned count = 0;

    for (const struct dirent *entry; (entry = readdir(directory));)
        count += strstr(entry->d_name, FFITAP__EXEC_NOTE_SUFFIX) != NULL;
    closedir(directory);
    return count;
}

static struct ffitap__exec_note leave(const struct ffitap__exec_program *program)
{
    return ffitap__exec_leave(program, 17, 10, MOMENT);
}

static struct ffitap__exec_note leave_named(const char *name)
{
    return leave(
        &(struct ffitap__exec_program){.directory = AT_FDCWD, .name = name, .environment = seen});
}

Test(tap_exec, says_who_runs_what_and_when)
{
    leave_named("/some/program with spaces");
    cr_expect(eq(str, note("17.exec"), "ffitap-exec-1 17 10 5000 0 /some/program with spaces"));
}

Test(tap_exec, says_what_the_environment_lacks)
{
    char *other[] = {"LD_PRELOAD=libffitap-shim.so", "FFITAP_STAT_DIR=/elsewhere", NULL};
    char *nearly[] = {"LD_PRELOADED=libffitap-shim.so", "LD_PRELOAD=libffitap.so", variable, NULL};
    char *nothing[] = {NULL};

    ffitap__exec_leave(&(struct ffitap__exec_program){.name = "/a", .environment = NULL}, 1, 2, 3);
    cr_expect(eq(str, note("1.exec"), "ffitap-exec-1 1 2 3 3 /a"));
    ffitap__exec_leave(&(struct ffitap__exec_program){.name = "/a", .environment = nothing}, 4, 2,
                       3);
    cr_expect(eq(str, note("4.exec"), "ffitap-exec-1 4 2 3 3 /a"));
    ffitap__exec_leave(&(struct ffitap__exec_program){.name = "/a", .environment = other}, 5, 2, 3);
    cr_expect(eq(str, note("5.exec"), "ffitap-exec-1 5 2 3 2 /a"));
    ffitap__exec_leave(&(struct ffitap__exec_program){.name = "/a", .environment = nearly}, 6, 2,
                       3);
    cr_expect(eq(str, note("6.exec"), "ffitap-exec-1 6 2 3 1 /a"));
}

Test(tap_exec, makes_relative_names_absolute)
{
    cr_assert(eq(int, chdir("/usr"), 0));
    leave_named("bin/true");
    cr_expect(eq(str, note("17.exec"), "ffitap-exec-1 17 10 5000 0 /usr/bin/true"));
}

Test(tap_exec, leaves_names_alone_that_are_relative_to_nothing_known)
{
    char gone[96];

    snprintf(gone, sizeof gone, "%s/gone", folder);
    cr_assert(eq(int, mkdir(gone, 0777), 0));
    cr_assert(eq(int, chdir(gone), 0));
    cr_assert(eq(int, rmdir(gone), 0));
    leave_named("./program");
    cr_expect(eq(str, note("17.exec"), "ffitap-exec-1 17 10 5000 0 ./program"));
    cr_assert(eq(int, chdir("/usr"), 0));
    leave(&(struct ffitap__exec_program){
        .directory = AT_FDCWD, .name = "bin/true", .is_moved = true, .environment = seen});
    cr_expect(eq(str, note("17.exec"), "ffitap-exec-1 17 10 5000 0 bin/true"));
}

static char *searched(const char *path, const char *name)
{
    if (path)
        setenv("PATH", path, 1);
    else
        unsetenv("PATH");
    leave(&(struct ffitap__exec_program){
        .directory = AT_FDCWD, .name = name, .is_searched = true, .environment = seen});
    return strrchr(note("17.exec"), ' ') + 1;
}

Test(tap_exec, finds_programs_where_execvp_does)
{
    cr_assert(eq(int, chdir("/usr/bin"), 0));
    cr_expect(eq(str, searched("/nowhere:/bin:/usr/bin", "true"), "/bin/true"));
    cr_expect(eq(str, searched("/nowhere:", "true"), "/usr/bin/./true"));
    cr_expect(eq(str, searched("", "true"), "/usr/bin/./true"));
    cr_expect(eq(str, searched(":/bin", "true"), "/usr/bin/./true"));
    cr_expect(eq(str, searched("../bin", "true"), "/usr/bin/../bin/true"));
    cr_expect(eq(str, searched(NULL, "true"), "/bin/true"));
    cr_expect(eq(str, searched("/bin", "no-such-program"), "no-such-program"));
    cr_expect(eq(str, searched("/bin", "./true"), "/usr/bin/./true"));
}

Test(tap_exec, has_room_for_any_path_to_search)
{
    char *list = malloc(100000);

    memset(list, 'x', 100000);
    for (int i = 0; i < 100; i++)
        list[i * 400] = ':';
    strcpy(list + 90000, ":/bin");
    cr_assert(eq(int, chdir("/"), 0));
    cr_expect(eq(str, searched(list + 1, "true"), "/bin/true"));
    free(list);
}

Test(tap_exec, names_what_a_descriptor_stands_for)
{
    const int directory = open("/usr/bin", O_RDONLY | O_DIRECTORY);
    int pipes[2];

    leave(&(struct ffitap__exec_program){
        .directory = directory, .name = "true", .environment = seen});
    cr_expect(eq(str, note("17.exec"), "ffitap-exec-1 17 10 5000 0 /usr/bin/true"));
    leave(&(struct ffitap__exec_program){.directory = directory, .name = "", .environment = seen});
    cr_expect(eq(str, note("17.exec"), "ffitap-exec-1 17 10 5000 0 /usr/bin"));
    cr_assert(eq(int, pipe(pipes), 0));
    leave(&(struct ffitap__exec_program){.directory = pipes[0], .name = "", .environment = seen});
    cr_expect(eq(str, note("17.exec"), "ffitap-exec-1 17 10 5000 0 "));
    leave(&(struct ffitap__exec_program){.directory = 999, .name = "a", .environment = seen});
    cr_expect(eq(str, note("17.exec"), "ffitap-exec-1 17 10 5000 0 a"));
}

Test(tap_exec, cuts_a_name_that_is_too_long)
{
    char name[5000];

    memset(name, 'n', sizeof name);
    name[0] = '/';
    name[sizeof name - 1] = '\0';
    leave_named(name);
    cr_expect(eq(sz, strlen(note("17.exec")), FFITAP__EXEC_NOTE_MAX));
    cr_expect(eq(str, note("17.exec") + FFITAP__EXEC_NOTE_MAX - 3, "nnn"));
}

Test(tap_exec, takes_back_what_was_not_started)
{
    const struct ffitap__exec_note left = leave_named("/a");

    cr_expect(eq(uint, count_notes(), 1));
    ffitap__exec_withdraw(&left);
    cr_expect(eq(uint, count_notes(), 0));
}

Test(tap_exec, sets_aside_what_another_process_left)
{
    leave_named("/a");
    ffitap__exec_leave(
        &(struct ffitap__exec_program){.directory = AT_FDCWD, .name = "/b", .environment = seen},
        17, 11, 7000);
    cr_expect(eq(str, note("17.7000.exec"), "ffitap-exec-1 17 10 5000 0 /a"));
    cr_expect(eq(str, note("17.exec"), "ffitap-exec-1 17 11 7000 0 /b"));
}

static struct ffitap__exec_note leave_at(uint64_t moment_ns, const char *name)
{
    return ffitap__exec_leave(
        &(struct ffitap__exec_program){.directory = AT_FDCWD, .name = name, .environment = seen},
        17, 10, moment_ns);
}

Test(tap_exec, yields_to_what_is_newer)
{
    leave_at(7000, "/next");
    leave_at(5000, "/late");
    cr_expect(eq(str, note("17.exec"), "ffitap-exec-1 17 10 7000 0 /next"));
    cr_expect(eq(str, note("17.7000.exec"), "ffitap-exec-1 17 10 5000 0 /late"));
}

Test(tap_exec, finds_its_place_among_others_of_the_number)
{
    leave_at(3000, "/earlier");
    leave_at(9000, "/last");
    leave_at(7000, "/before");
    leave_at(5000, "/late");
    cr_expect(eq(str, note("17.exec"), "ffitap-exec-1 17 10 9000 0 /last"));
    cr_expect(eq(str, note("17.9000.exec"), "ffitap-exec-1 17 10 7000 0 /before"));
    cr_expect(eq(str, note("17.7000.exec"), "ffitap-exec-1 17 10 5000 0 /late"));
    cr_expect(eq(str, note("17.5000.exec"), "ffitap-exec-1 17 10 3000 0 /earlier"));
}

Test(tap_exec, takes_back_what_yielded)
{
    leave_at(7000, "/next");
    const struct ffitap__exec_note late = leave_at(5000, "/late");

    ffitap__exec_withdraw(&late);
    cr_expect(eq(uint, count_notes(), 1));
    cr_expect(eq(str, note("17.exec"), "ffitap-exec-1 17 10 7000 0 /next"));
}

Test(tap_exec, yields_to_nothing_that_is_no_note)
{
    char path[96];

    snprintf(path, sizeof path, "%s/17.exec", folder);
    close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
    leave_at(5000, "/a");
    cr_expect(eq(str, note("17.exec"), "ffitap-exec-1 17 10 5000 0 /a"));
    cr_assert(eq(int, unlink(path), 0));
    cr_assert(eq(int, symlink("ffitap-exec-1 17 10 99999999x", path), 0));
    leave_at(6000, "/b");
    cr_expect(eq(str, note("17.exec"), "ffitap-exec-1 17 10 6000 0 /b"));
}

Test(tap_exec, leaves_errno_alone)
{
    errno = 77;
    const struct ffitap__exec_note left = leave_named("/a");
    leave_named("/b");
    const struct ffitap__exec_note shell = ffitap__exec_leave_shell(NULL);
    ffitap__exec_withdraw(&left);
    ffitap__exec_withdraw(&left);
    leave_at(MOMENT - 1, "/c");
    ffitap__exec_withdraw(&shell);
    ffitap__exec_arrive();
    cr_expect(eq(int, errno, 77));
}

Test(tap_exec, notes_a_shell_only_if_it_cannot_be_seen)
{
    const struct ffitap__exec_note visible = ffitap__exec_leave_shell(seen);

    cr_expect(eq(uint, count_notes(), 0));
    const struct ffitap__exec_note one = ffitap__exec_leave_shell(NULL);
    const struct ffitap__exec_note other = ffitap__exec_leave_shell(NULL);
    cr_expect(eq(uint, count_notes(), 2));
    ffitap__exec_withdraw(&visible);
    cr_expect(eq(uint, count_notes(), 2));
    ffitap__exec_withdraw(&one);
    ffitap__exec_withdraw(&other);
    cr_expect(eq(uint, count_notes(), 0));
}

Test(tap_exec, takes_the_note_of_this_process_away)
{
    leave_named("/a");
    ffitap__exec_leave(&(struct ffitap__exec_program){.name = "/b"}, getpid(), 2, 3);
    ffitap__exec_arrive();
    cr_expect(eq(uint, count_notes(), 1));
    cr_expect(ne(chr, *note("17.exec"), '\0'));
}

static void keep_statistics(void)
{
    static const struct ffitap__storage_process process = {.exe = "", .recording = ""};

    cr_assert(ffitap__lock());
    cr_assert(eq(int, ffitap__storage_create(folder, &process, FFITAP__STORAGE_REMAINS_EMPTY), 0));
    ffitap__unlock();
    remove_folder();
}

static const struct ffitap__statistics_header *header(void)
{
    return ffitap__storage_current()->header;
}

Test(tap_exec, says_in_the_statistics_what_could_not_be_noted)
{
    keep_statistics();
    const struct ffitap__exec_note left = leave_named("/a");
    cr_expect(eq(u64, header()->unnoted[0].who, (uint64_t)ENOENT << 32 | 17));
    cr_expect(eq(u64, header()->unnoted[0].moment_ns, MOMENT));
    ffitap__exec_withdraw(&left);
    cr_expect(eq(u64, header()->unnoted[0].who, 0));
    cr_expect(eq(u64, header()->unnoted[0].moment_ns, 0));
}

Test(tap_exec, counts_what_has_no_place_in_the_statistics)
{
    struct ffitap__exec_note last;

    keep_statistics();
    for (unsigned i = 0; i < FFITAP__STATISTICS_UNSEEN + 3; i++)
        last = leave_named("/a");
    cr_expect(eq(u64, header()->unnoted_more, 3));
    ffitap__exec_withdraw(&last);
    cr_expect(eq(u64, header()->unnoted_more, 2));
}

static int run_in_child(void (*run)(void))
{
    const int pid = fork();
    int status;

    if (pid == 0) {
        run();
        _exit(0);
    }
    cr_assert(eq(int, waitpid(pid, &status, 0), pid));
    cr_assert(eq(int, status, 0));
    return pid;
}

static void leave_in_child(void)
{
    ffitap__storage_abandon();
    leave_named("/a");
}

Test(tap_exec, says_it_in_the_parents_statistics_where_there_are_no_own)
{
    keep_statistics();
    run_in_child(leave_in_child);
    cr_expect(eq(u64, header()->unnoted[0].who, (uint64_t)ENOENT << 32 | 17));
}

Test(tap_exec, says_nothing_where_there_is_no_place_for_it)
{
    remove_folder();
    const struct ffitap__exec_note left = leave_named("/a");

    ffitap__exec_withdraw(&left);
    cr_expect(not(left.is_there));
    cr_expect(not(left.is_told));
}

Test(tap_exec, says_that_a_folder_has_too_long_a_name)
{
    char name[3000];

    memset(name, '/', sizeof name);
    name[sizeof name - 1] = '\0';
    keep_statistics();
    ffitap__exec_start(name);
    cr_expect(ffitap__exec_is_noted());
    leave_named("/a");
    ffitap__exec_arrive();
    cr_expect(eq(u64, header()->unnoted[0].who, (uint64_t)ENAMETOOLONG << 32 | 17));
}
