#include "tap/known/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tap/base/clock.h"
#include "tap/base/environment.h"
#include "tap/statistics/exec_note.h"
#include "tap/statistics/storage.h"

#define SHIM       "libffitap-shim.so"
#define SHELL      "/bin/sh"
#define FOLDER_MAX 1000u
#define NAME_MAX_  64u /* of a note, with the slash before it */
#define SHELLS     100 /* that may start in the same nanosecond */
#define PLACES     10  /* names that are tried for a note: others come and go meanwhile */

/* Words of a note that stand before its moment. */
#define BEFORE_MOMENT 3

/* Written once, before there is a second thread; "" if no notes are wanted. */
static char folder[FOLDER_MAX];
static bool is_too_long;

/* Text that grows in a buffer on the stack, which may be a signal handler's small one. What has no
 * room is left out; `length` then equals `room`. */
struct text {
    char *bytes;
    size_t length, room;
};

static void add_bytes(struct text *text, const char *bytes, size_t size)
{
    if (size > text->room - text->length)
        size = text->room - text->length;
    memcpy(text->bytes + text->length, bytes, size);
    text->length += size;
    text->bytes[text->length] = '\0';
}

static void add(struct text *text, const char *string)
{
    add_bytes(text, string, strlen(string));
}

static void add_number(struct text *text, uint64_t number)
{
    char digits[20];
    size_t first = sizeof(digits);

    do
        digits[--first] = (char)('0' + number % 10);
    while (number /= 10);
    add_bytes(text, digits + first, sizeof(digits) - first);
}

/* A buffer that holds `size` characters and the NUL behind them. */
#define TEXT(buffer) ((struct text){.bytes = (buffer), .room = sizeof(buffer) - 1})

/* The path of a note; `number` stands behind the process's unless it is 0. */
static void name_note(struct text *path, int32_t pid, uint64_t number)
{
    add(path, folder);
    add(path, "/");
    add_number(path, (uint32_t)pid);
    if (number) {
        add(path, ".");
        add_number(path, number);
    }
    add(path, FFITAP__EXEC_NOTE_SUFFIX);
}

static const char *value_of(const char *entry, const char *name)
{
    const size_t length = strlen(name);

    return strncmp(entry, name, length) == 0 && entry[length] == '=' ? entry + length + 1 : NULL;
}

/* Which of ffitap's variables the environment lacks: enum ffitap__exec_mark. NULL is an empty
 * environment. */
static unsigned judge(char *const *environment)
{
    unsigned marks = FFITAP__EXEC_WITHOUT_PRELOAD | FFITAP__EXEC_WITHOUT_FOLDER;

    for (; environment && *environment; environment++) {
        const char *preload = value_of(*environment, "LD_PRELOAD");
        const char *where = value_of(*environment, FFITAP__ENV_STAT_DIR);
        if (preload && strstr(preload, SHIM))
            marks &= ~(unsigned)FFITAP__EXEC_WITHOUT_PRELOAD;
        if (where && strcmp(where, folder) == 0)
            marks &= ~(unsigned)FFITAP__EXEC_WITHOUT_FOLDER;
    }
    return marks;
}

/* Adds the kernel's path of an open file or directory. False if it has none. */
static bool add_path_of(struct text *text, int descriptor)
{
    char link[32];
    struct text name = TEXT(link);

    add(&name, "/proc/self/fd/");
    add_number(&name, (unsigned)descriptor);
    const size_t room = text->room - text->length;
    const ssize_t length = readlink(link, text->bytes + text->length, room);

    if (length <= 0 || text->bytes[text->length] != '/') {
        text->bytes[text->length] = '\0';
        return false;
    }
    text->length += (size_t)length;
    text->bytes[text->length] = '\0';
    return true;
}

/* Adds the working directory, without getcwd(3), which may allocate. False if it has no path. */
static bool add_working_directory(struct text *text)
{
    char *end = text->bytes + text->length;
    const long size = syscall(SYS_getcwd, end, text->room - text->length + 1);

    if (size <= 1 || *end != '/') { /* it was removed, or lies outside of the root */
        *end = '\0';
        return false;
    }
    text->length += (size_t)size - 1;
    return true;
}

/* Adds the name; before a relative name its directory, if the path of that directory is known. */
static void add_absolute(struct text *text, const struct ffitap__exec_program *program,
                         const char *name)
{
    const bool is_known = *name != '/' && !program->is_moved &&
                          (program->directory == AT_FDCWD ? add_working_directory(text)
                                                          : add_path_of(text, program->directory));

    if (is_known && *name)
        add(text, "/");
    add(text, name);
}

/* Adds the path of the program, in the first of PATH's directories that has a program of its name.
 * False if none has. */
static bool add_found(struct text *text, const struct ffitap__exec_program *program)
{
    const char *at = getenv("PATH");
    const struct text before = *text;

    if (!at)
        at = "/bin:/usr/bin"; /* execvp(3)'s own */
    for (;; at++) {
        const size_t length = strcspn(at, ":");
        char directory[256] = ".";

        if (length && length < sizeof(directory)) {
            memcpy(directory, at, length);
            directory[length] = '\0';
        }
        if (length < sizeof(directory)) {
            add_absolute(text, program, directory);
            add(text, "/");
            add(text, program->name);
            if (text->length < text->room &&
                faccessat(AT_FDCWD, text->bytes + before.length, X_OK, 0) == 0)
                return true;
            *text = before;
        }
        at += length;
        if (!*at)
            return false;
    }
}

static void add_path(struct text *text, const struct ffitap__exec_program *program)
{
    if (!program->is_searched || strchr(program->name, '/'))
        add_absolute(text, program, program->name);
    else if (!add_found(text, program))
        add(text, program->name);
}

static void begin_note(struct text *text, const struct ffitap__exec_note *note, int32_t parent,
                       unsigned marks)
{
    add(text, FFITAP__EXEC_NOTE_MAGIC " ");
    add_number(text, (uint32_t)note->pid);
    add(text, " ");
    add_number(text, (uint32_t)parent);
    add(text, " ");
    add_number(text, note->moment_ns);
    add(text, " ");
    add_number(text, marks);
    add(text, " ");
}

/* The moment that the note at `path` says; 0 if there is no note. */
static uint64_t moment_at(const char *path)
{
    char start[NAME_MAX_ + sizeof(FFITAP__EXEC_NOTE_MAGIC)];
    const ssize_t size = readlink(path, start, sizeof(start) - 1);
    uint64_t moment_ns = 0;

    start[size > 0 ? size : 0] = '\0';
    const char *at = start;
    for (int i = 0; i < BEFORE_MOMENT && *at; i++) {
        at += strcspn(at, " ");
        at += *at == ' ';
    }
    for (; *at >= '0' && *at <= '9'; at++)
        moment_ns = moment_ns * 10 + (uint64_t)(*at - '0');
    return *at == ' ' ? moment_ns : 0;
}

/* Moves an older note aside, which an earlier program of this process has left, or another process
 * with this number. The older note is kept, because what it says stays true. */
static void set_aside(const char *path, const struct ffitap__exec_note *note)
{
    char buffer[FOLDER_MAX + NAME_MAX_];
    struct text aside = TEXT(buffer);

    name_note(&aside, note->pid, note->moment_ns);
    rename(path, buffer);
}

/*
 * Returns 0 or an errno. Of the notes of a process the newest is named by the number of the process
 * alone. A process that has spawned another may write its note of the new process only after that
 * one has left notes itself. Such a late note takes another name, and the newest note stays where
 * it is.
 */
static int put(struct ffitap__exec_note *note, const struct text *text)
{
    if (is_too_long)
        return ENAMETOOLONG;
    note->number = note->pid ? 0 : note->moment_ns;
    for (int i = 0; i < PLACES; i++) {
        char buffer[FOLDER_MAX + NAME_MAX_];
        struct text path = TEXT(buffer);
        name_note(&path, note->pid, note->number);
        if (symlink(text->bytes, buffer) == 0)
            return 0;
        if (errno != EEXIST || !note->pid)
            return errno;
        const uint64_t other_ns = moment_at(buffer);
        if (other_ns > note->moment_ns)
            note->number = other_ns;
        else if (other_ns || errno != ENOENT)
            set_aside(buffer, note);
    }
    return EEXIST;
}

static void write_note(struct ffitap__exec_note *note, const struct ffitap__exec_program *program,
                       int32_t parent, unsigned marks)
{
    char buffer[FFITAP__EXEC_NOTE_MAX + 1];
    struct text text = TEXT(buffer);

    begin_note(&text, note, parent, marks);
    add_path(&text, program);
    int failure = put(note, &text);
    /* Shells may start in the same nanosecond. */
    for (int i = 0; failure == EEXIST && !note->pid && i < SHELLS; i++) {
        note->moment_ns++;
        failure = put(note, &text);
    }
    note->is_there = failure == 0;
    if (failure)
        note->told = ffitap__storage_tell_unnoted(note->pid, note->moment_ns, failure);
    note->is_told = failure && note->told >= 0;
}

void ffitap__exec_start(const char *where)
{
    is_too_long = strlen(where) >= sizeof(folder);
    strncpy(folder, where, sizeof(folder) - 1);
}

bool ffitap__exec_is_noted(void)
{
    return *folder;
}

uint64_t ffitap__exec_moment(void)
{
    return ffitap__clock_monotonic_ns();
}

struct ffitap__exec_note ffitap__exec_leave(const struct ffitap__exec_program *program, int32_t pid,
                                            int32_t parent, uint64_t moment_ns)
{
    const int saved = errno;
    struct ffitap__exec_note note = {.pid = pid, .moment_ns = moment_ns};

    write_note(&note, program, parent, judge(program->environment));
    errno = saved;
    return note;
}

struct ffitap__exec_note ffitap__exec_leave_shell(char *const *environment)
{
    const struct ffitap__exec_program shell = {.directory = AT_FDCWD, .name = SHELL};
    const int saved = errno;
    const unsigned marks = judge(environment);
    struct ffitap__exec_note note = {.moment_ns = ffitap__clock_monotonic_ns()};

    if (marks)
        write_note(&note, &shell, getpid(), marks);
    errno = saved;
    return note;
}

static void remove_note(int32_t pid, uint64_t number)
{
    char buffer[FOLDER_MAX + NAME_MAX_];
    struct text path = TEXT(buffer);
    const int saved = errno;

    name_note(&path, pid, number);
    unlink(buffer);
    errno = saved;
}

void ffitap__exec_withdraw(const struct ffitap__exec_note *note)
{
    if (note->is_told)
        ffitap__storage_take_back(note->told);
    if (note->is_there)
        remove_note(note->pid, note->number);
}

void ffitap__exec_arrive(void)
{
    if (*folder && !is_too_long)
        remove_note(getpid(), 0);
}
