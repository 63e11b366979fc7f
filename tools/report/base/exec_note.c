#include "report/base/exec_note.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

/* Takes a number and the character behind it off `*text`. */
static bool take_number(const char **text, char end, uint64_t *number)
{
    char *after;

    if (!g_ascii_isdigit(**text))
        return false;
    errno = 0;
    *number = g_ascii_strtoull(*text, &after, 10);
    if (errno || *after != end)
        return false;
    *text = after + 1;
    return true;
}

/* Reads a note's name, which may say until when the note holds. */
static bool understand_name(const char *name, uint64_t *until_ns)
{
    uint64_t pid, number;
    const char *rest = name;

    *until_ns = UINT64_MAX;
    if (!take_number(&rest, '.', &pid))
        return false;
    if (take_number(&rest, '.', &number) && pid)
        *until_ns = number;
    return strcmp(rest - 1, FFITAP__EXEC_NOTE_SUFFIX) == 0;
}

bool ffitap__exec_note_is_name(const char *name)
{
    uint64_t until_ns;

    return understand_name(name, &until_ns);
}

/* Reads the link, or the file that was made of it: at most one byte more than a note may have, so
 * that a text that is too long is noticed. */
static const char *read_text(struct ffitap__read_note *note, int folder, const char *name,
                             size_t *size)
{
    const size_t room = sizeof(note->text) - 1;
    struct stat status = {0};
    ssize_t length = readlinkat(folder, name, note->text, room);

    if (length < 0 && errno == EINVAL) {
        const int file =
            openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        if (file >= 0 && (fstat(file, &status) != 0 || S_ISREG(status.st_mode)))
            length = read(file, note->text, room);
        if (file >= 0)
            close(file);
        if (file >= 0 && length < 0)
            return "is no note";
    }
    if (length < 0)
        return errno == ENOENT ? "" : g_strerror(errno);
    *size = (size_t)length;
    note->text[length] = '\0';
    return NULL;
}

static bool understand_text(struct ffitap__read_note *note)
{
    uint64_t pid, parent, marks;
    const char *text = note->text;

    if (!g_str_has_prefix(text, FFITAP__EXEC_NOTE_MAGIC " "))
        return false;
    text += strlen(FFITAP__EXEC_NOTE_MAGIC " ");
    if (!take_number(&text, ' ', &pid) || !take_number(&text, ' ', &parent) ||
        !take_number(&text, ' ', &note->started.moment_ns) || !take_number(&text, ' ', &marks) ||
        pid > INT32_MAX || parent > INT32_MAX)
        return false;
    note->started.pid = (int32_t)pid;
    note->started.parent = (int32_t)parent;
    note->started.marks = (unsigned)marks;
    note->started.path = text;
    return true;
}

const char *ffitap__exec_note_read(struct ffitap__read_note *note, int folder, const char *name)
{
    size_t size = 0;

    *note = (struct ffitap__read_note){0};
    understand_name(name, &note->started.until_ns);
    const char *why = read_text(note, folder, name, &size);
    if (why)
        return why;
    if (size > FFITAP__EXEC_NOTE_MAX || strlen(note->text) != size || !understand_text(note))
        return "is damaged";
    note->started.is_whole = size < FFITAP__EXEC_NOTE_MAX && *note->started.path == '/';
    return NULL;
}

static bool write_file(int folder, const char *name, const char *text)
{
    const ssize_t size = (ssize_t)strlen(text);
    const int file =
        openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    const bool written = file >= 0 && write(file, text, (size_t)size) == size;

    if (file >= 0)
        close(file);
    return written;
}

/* Puts a file in the place of the link. There is a note by that name at every moment. */
static void keep(int folder, const char *name)
{
    char beside[NAME_MAX + sizeof(".new")];
    char text[FFITAP__EXEC_NOTE_MAX + 2];
    const ssize_t size = readlinkat(folder, name, text, sizeof(text) - 1);

    /* A longer text is no note. If it were cut here, the file would be one. */
    if (size < 0 || size > (ssize_t)FFITAP__EXEC_NOTE_MAX)
        return;
    text[size] = '\0';
    snprintf(beside, sizeof(beside), "%s.new", name);
    if (!write_file(folder, beside, text) || renameat(folder, beside, folder, name) != 0)
        unlinkat(folder, beside, 0);
}

void ffitap_notes_keep(const char *folder)
{
    DIR *directory = opendir(folder);

    for (const struct dirent *entry; directory && (entry = readdir(directory));)
        if (ffitap__exec_note_is_name(entry->d_name))
            keep(dirfd(directory), entry->d_name);
    if (directory)
        closedir(directory);
}
