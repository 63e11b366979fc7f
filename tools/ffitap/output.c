#include "output.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "files.h"
#include "message.h"
#include "report/note.h"
#include "report/recording.h"
#include "tap/statistics_file.h"

#define OPEN_DIRECTORIES 16
#define MUCH_MEMORY      (UINT64_C(1) << 30)

/* Modes for who is not the owner. */
#define ANYBODY_ENTERS 0711
#define ANYBODY_ADDS   01777 /* as to /tmp: what is there stays its owner's */

enum content { NOTHING, EMPTY, RECORDING, FOREIGN, UNKNOWN };

/* UNKNOWN with errno set. */
static enum content look_at(const char *path)
{
    char *description;
    struct stat status;

    if (lstat(path, &status) != 0)
        return errno == ENOENT ? NOTHING : UNKNOWN;
    if (asprintf(&description, "%s/" FFITAP_RECORDING_FILE, path) < 0)
        return FOREIGN;
    const bool described = access(description, F_OK) == 0;
    free(description);
    if (described)
        return RECORDING;

    DIR *directory = opendir(path);
    if (!directory)
        return FOREIGN;
    bool empty = true;
    for (const struct dirent *entry; empty && (entry = readdir(directory));)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(directory);
    return empty ? EMPTY : FOREIGN;
}

static bool refuse_foreign(const char *path)
{
    switch (look_at(path)) {
    case FOREIGN:
        ffitap_say("%s: exists and is not a recording; remove it or choose another name with -o",
                   path);
        return false;
    case UNKNOWN:
        ffitap_say("%s: cannot look at it: %s; choose another name with -o", path, strerror(errno));
        return false;
    default:
        return true;
    }
}

static char *make_absolute(const char *name)
{
    char *path = NULL;
    char *here = *name == '/' ? strdup("") : getcwd(NULL, 0);

    if (here && asprintf(&path, "%s%s%s", here, *name == '/' || strcmp(here, "/") == 0 ? "" : "/",
                         name) < 0)
        path = NULL;
    free(here);
    if (!path)
        return NULL;
    for (size_t length = strlen(path); length > 1 && path[length - 1] == '/'; length--)
        path[length - 1] = '\0';
    return path;
}

bool ffitap_output_init(struct ffitap_output *output, const char *name, const char *token)
{
    *output = (struct ffitap_output){.path = *name ? make_absolute(name) : NULL};
    if (!output->path) {
        ffitap_say("'%s': cannot name the output directory: %s", name,
                   strerror(*name ? errno : ENOENT));
        return false;
    }
    if (asprintf(&output->trace, "%s/" FFITAP_RECORDING_TRACE, output->path) < 0 ||
        asprintf(&output->statistics, "%s/" FFITAP__STATISTICS_FOLDER, output->path) < 0 ||
        asprintf(&output->old, "%s.old", output->path) < 0 ||
        asprintf(&output->older, "%s.old.%s", output->path, token) < 0) {
        ffitap_say("%s: %s", output->path, strerror(ENOMEM));
        return false;
    }
    return refuse_foreign(output->path) &&
           (look_at(output->path) != RECORDING || refuse_foreign(output->old));
}

static bool move(const char *from, const char *to, bool *moved)
{
    if (rename(from, to) != 0) {
        ffitap_say("%s: cannot rename it to %s: %s", from, to, strerror(errno));
        return false;
    }
    *moved = true;
    return true;
}

static bool move_earlier_away(struct ffitap_output *output)
{
    if (look_at(output->path) != RECORDING)
        return true;
    if (look_at(output->old) != NOTHING && !move(output->old, output->older, &output->moved_older))
        return false;
    return move(output->path, output->old, &output->moved_old);
}

bool ffitap_output_create(struct ffitap_output *output)
{
    if (!move_earlier_away(output)) {
        ffitap_output_undo(output);
        return false;
    }
    output->created = mkdir(output->path, 0777) == 0;
    output->reused = !output->created && errno == EEXIST;
    if (output->created || output->reused)
        return true;
    ffitap_say("%s: cannot create it: %s", output->path, strerror(errno));
    ffitap_output_undo(output);
    return false;
}

/* Only root's programs become other users, and those make files for their children then. */
static bool change_as_root(const char *path, mode_t mode)
{
    return geteuid() != 0 || chmod(path, mode) == 0;
}

/*
 * Files in memory are made and removed at once, and no disk is busy with what is written to them.
 * Containers often have so little of it that thousands of processes would find no room.
 */
static bool has_much_memory(const char *place)
{
    struct statvfs space;

    return access(place, R_OK | W_OK | X_OK) == 0 && statvfs(place, &space) == 0 &&
           (uint64_t)space.f_bavail * space.f_frsize >= MUCH_MEMORY;
}

static const char *temporary_place(void)
{
    const char *wanted = getenv("TMPDIR");

    if (wanted && *wanted)
        return wanted;
    return has_much_memory("/dev/shm") ? "/dev/shm" : "/tmp";
}

/* The path of a new directory, to be freed. NULL with errno set. */
static char *make_temporary_directory(void)
{
    char *name = NULL, *path = NULL;

    if (asprintf(&name, "%s/ffitap-stat-XXXXXX", temporary_place()) >= 0 && mkdtemp(name))
        path = make_absolute(name);
    free(name);
    return path;
}

bool ffitap_output_create_temporary(struct ffitap_output *output)
{
    *output = (struct ffitap_output){.path = make_temporary_directory()};
    output->created = output->path != NULL;
    if (!output->path) {
        ffitap_say("cannot make a temporary directory in %s: %s; set TMPDIR to another place",
                   temporary_place(), strerror(errno));
        return false;
    }
    if (asprintf(&output->statistics, "%s/" FFITAP__STATISTICS_FOLDER, output->path) < 0) {
        output->statistics = NULL;
        ffitap_say("%s: %s", output->path, strerror(ENOMEM));
        return false;
    }
    return change_as_root(output->path, ANYBODY_ENTERS);
}

bool ffitap_output_open_statistics(const struct ffitap_output *output)
{
    if (mkdir(output->statistics, 0777) == 0 && change_as_root(output->statistics, ANYBODY_ADDS))
        return true;
    ffitap_say("%s: cannot create it: %s", output->statistics, strerror(errno));
    return false;
}

void ffitap_output_close_statistics(const struct ffitap_output *output)
{
    const mode_t mask = umask(0);

    umask(mask);
    change_as_root(output->statistics, 0777 & ~mask);
    ffitap_notes_keep(output->statistics);
}

/* An empty directory that the user made stays, empty again. */
static void empty_directory(const struct ffitap_output *output)
{
    char *description;

    ffitap_output_remove_tree(output->trace);
    ffitap_output_remove_tree(output->statistics);
    if (asprintf(&description, "%s/" FFITAP_RECORDING_FILE, output->path) < 0)
        return;
    unlink(description);
    free(description);
}

unsigned ffitap_output_count_statistics(const struct ffitap_output *output)
{
    glob_t found;

    if (!ffitap_files_find(output->statistics, "*" FFITAP__STATISTICS_SUFFIX, &found))
        return 0;
    const unsigned count = (unsigned)found.gl_pathc;
    globfree(&found);
    return count;
}

void ffitap_output_undo(struct ffitap_output *output)
{
    bool undone;

    if (output->created)
        ffitap_output_remove_tree(output->path);
    if (output->reused)
        empty_directory(output);
    if (output->moved_old)
        move(output->old, output->path, &undone);
    if (output->moved_older)
        move(output->older, output->old, &undone);
    output->created = output->reused = output->moved_old = output->moved_older = false;
}

void ffitap_output_commit(struct ffitap_output *output)
{
    if (output->moved_older)
        ffitap_output_remove_tree(output->older);
    output->created = output->reused = output->moved_old = output->moved_older = false;
}

/* nftw(3) passes no context along. */
static uint64_t size_so_far;

static int add_size(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)path;
    (void)where;
    if (type == FTW_F)
        size_so_far += (uint64_t)status->st_blocks * 512; /* statistics are sparse files */
    return 0;
}

uint64_t ffitap_output_size(const struct ffitap_output *output)
{
    size_so_far = 0;
    nftw(output->path, add_size, OPEN_DIRECTORIES, FTW_PHYS);
    return size_so_far;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    remove(path);
    return 0;
}

void ffitap_output_remove_tree(const char *path)
{
    nftw(path, remove_entry, OPEN_DIRECTORIES, FTW_PHYS | FTW_DEPTH);
}

void ffitap_output_fini(struct ffitap_output *output)
{
    free(output->path);
    free(output->trace);
    free(output->statistics);
    free(output->old);
    free(output->older);
    *output = (struct ffitap_output){0};
}
