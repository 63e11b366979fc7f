#include "report/read/exec_notes.h"

#include <dirent.h>

#include "report/base/exec_note.h"

static void read_note(const struct ffitap__report_sink *sink, int folder, const char *name)
{
    struct ffitap__read_note note;
    const char *damage = ffitap__exec_note_read(&note, folder, name);

    if (!damage)
        ffitap__feed_started(sink, &note.started);
    else if (*damage)
        ffitap__feed_damage_as(sink, "note of a program that was started, %s: %s", name, damage);
}

void ffitap__exec_notes_read_folder(const struct ffitap__report_sink *sink, const char *folder)
{
    DIR *directory = opendir(folder);

    for (const struct dirent *entry; directory && (entry = readdir(directory));)
        if (ffitap__exec_note_is_name(entry->d_name))
            read_note(sink, dirfd(directory), entry->d_name);
    if (directory)
        closedir(directory);
}
