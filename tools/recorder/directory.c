#include "recorder/directory.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "recorder/files.h"
#include "recorder/message.h"
#include "report/base/exec_note.h"
#include "report/base/recording.h"
#include "tap/statistics/file.h"

#define OPEN_DIRECTORIES 16
#define MUCH_MEMORY      (UINT64_C(1) << 30)

/* Modes of directories for users other than the owner. */
#define ANYBODY_ENTERS 0711
#define ANYBODY_ADDS   01777 /* as in /tmp: files there stay their owners' */

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

bool ffitap_directory_init(struct ffitap_directory *directory, const char *name, const char *token)
{
    *directory = (struct ffitap_directory){.path = *name ? make_absolute(name) : NULL};
    if (!directory->path) {
        ffitap_say("'%s': cannot name the output directory: %s", name,
                   strerror(*name ? errno : ENOENT));
        return false;
    }
    if (asprintf(&directory->trace, "%s/" FFITAP_RECORDING_TRACE, directory->path) < 0 ||
        asprintf(&directory->statistics, "%s/" FFITAP__STATISTICS_FOLDER, directory->path) < 0 ||
        asprintf(&directory->old, "%s.old", directory->path) < 0 ||
        asprintf(&directory->older, "%s.old.%s", directory->path, token) < 0) {
        ffitap_say("%s: %s", directory->path, strerror(ENOMEM));
        return false;
    }
    return refuse_foreign(directory->path) &&
           (look_at(directory->path) != RECORDING || refuse_foreign(directory->old));
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

static bool move_earlier_away(struct ffitap_directory *directory)
{
    if (look_at(directory->path) != RECORDING)
        return true;
    if (look_at(directory->old) != NOTHING &&
        !move(directory->old, directory->older, &directory->moved_older))
        return false;
    return move(directory->path, directory->old, &directory->moved_old);
}

bool ffitap_directory_create(struct ffitap_directory *directory)
{
    if (!move_earlier_away(directory)) {
        ffitap_directory_undo(directory);
        return false;
    }
    directory->created = mkdir(directory->path, 0777) == 0;
    directory->reused = !directory->created && errno == EEXIST;
    if (directory->created || directory->reused)
        return true;
    ffitap_say("%s: cannot create it: %s", directory->path, strerror(errno));
    ffitap_directory_undo(directory);
    return false;
}

/* Changes the mode if this is root. Only root's programs can become other users, which then have to
 * make files for their children. */
static bool change_as_root(const char *path, mode_t mode)
{
    return geteuid() != 0 || chmod(path, mode) == 0;
}

/* Files in memory are made and removed quickly, and keep no disk busy. But containers often have so
 * little of this memory that the files of thousands of processes would find no room. */
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

bool ffitap_directory_create_temporary(struct ffitap_directory *directory)
{
    *directory = (struct ffitap_directory){.path = make_temporary_directory()};
    directory->created = directory->path != NULL;
    if (!directory->path) {
        ffitap_say("cannot make a temporary directory in %s: %s; set TMPDIR to another place",
                   temporary_place(), strerror(errno));
        return false;
    }
    if (asprintf(&directory->statistics, "%s/" FFITAP__STATISTICS_FOLDER, directory->path) < 0) {
        directory->statistics = NULL;
        ffitap_say("%s: %s", directory->path, strerror(ENOMEM));
        return false;
    }
    return change_as_root(directory->path, ANYBODY_ENTERS);
}

bool ffitap_directory_open_statistics(const struct ffitap_directory *directory)
{
    if (mkdir(directory->statistics, 0777) == 0 &&
        change_as_root(directory->statistics, ANYBODY_ADDS))
        return true;
    ffitap_say("%s: cannot create it: %s", directory->statistics, strerror(errno));
    return false;
}

void ffitap_directory_close_statistics(const struct ffitap_directory *directory)
{
    const mode_t mask = umask(0);

    umask(mask);
    change_as_root(directory->statistics, 0777 & ~mask);
    ffitap_notes_keep(directory->statistics);
}

/* An empty directory that the user made stays, empty again. */
static void empty_directory(const struct ffitap_directory *directory)
{
    char *description;

    ffitap_directory_remove_tree(directory->trace);
    ffitap_directory_remove_tree(directory->statistics);
    if (asprintf(&description, "%s/" FFITAP_RECORDING_FILE, directory->path) < 0)
        return;
    unlink(description);
    free(description);
}

unsigned ffitap_directory_count_statistics(const struct ffitap_directory *directory)
{
    glob_t found;

    if (!ffitap_files_find(directory->statistics, "*" FFITAP__STATISTICS_SUFFIX, &found))
        return 0;
    const unsigned count = (unsigned)found.gl_pathc;
    globfree(&found);
    return count;
}

void ffitap_directory_undo(struct ffitap_directory *directory)
{
    bool undone;

    if (directory->created)
        ffitap_directory_remove_tree(directory->path);
    if (directory->reused)
        empty_directory(directory);
    if (directory->moved_old)
        move(directory->old, directory->path, &undone);
    if (directory->moved_older)
        move(directory->older, directory->old, &undone);
    directory->created = directory->reused = directory->moved_old = directory->moved_older = false;
}

void ffitap_directory_commit(struct ffitap_directory *directory)
{
    if (directory->moved_older)
        ffitap_directory_remove_tree(directory->older);
    directory->created = directory->reused = directory->moved_old = directory->moved_older = false;
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

uint64_t ffitap_directory_size(const struct ffitap_directory *directory)
{
    size_so_far = 0;
    nftw(directory->path, add_size, OPEN_DIRECTORIES, FTW_PHYS);
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

void ffitap_directory_remove_tree(const char *path)
{
    nftw(path, remove_entry, OPEN_DIRECTORIES, FTW_PHYS | FTW_DEPTH);
}

void ffitap_directory_fini(struct ffitap_directory *directory)
{
    free(directory->path);
    free(directory->trace);
    free(directory->statistics);
    free(directory->old);
    free(directory->older);
    *directory = (struct ffitap_directory){0};
}
