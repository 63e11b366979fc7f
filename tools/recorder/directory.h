/*
 * The recording's directory. An earlier recording of the same name is kept as NAME.old. What was
 * called NAME.old before that is removed, but only once the traced program runs: until then all of
 * this can be undone.
 */
#ifndef FFITAP_TOOLS_RECORDER_DIRECTORY_H
#define FFITAP_TOOLS_RECORDER_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>

struct ffitap_directory {
    char *path;       /* absolute */
    char *trace;      /* in it, for LTTng */
    char *statistics; /* in it, for the processes' statistics files */
    char *old;        /* where an earlier recording goes */
    char *older;      /* where an earlier .old waits for its removal */
    bool created;
    bool reused; /* an empty directory was there */
    bool moved_old;
    bool moved_older;
};

/*
 * Looks at `name` without changing anything: false, having said why, if something is there that is
 * neither a recording nor an empty directory. `token` makes temporary names unique. Release with
 * ffitap_directory_fini() either way.
 */
bool ffitap_directory_init(struct ffitap_directory *directory, const char *name, const char *token);

/* Moves an earlier recording away and makes the directory. False, undone, having said why. */
bool ffitap_directory_create(struct ffitap_directory *directory);

/*
 * Takes the place of the two functions above: makes a new directory among the temporary files,
 * which ffitap_directory_undo() removes again. False, having said why.
 */
bool ffitap_directory_create_temporary(struct ffitap_directory *directory);

/*
 * Makes the folder for the statistics files in the directory. If this is root, whose program may
 * become another user, everybody may add files to the folder until
 * ffitap_directory_close_statistics(). False, having said why.
 */
bool ffitap_directory_open_statistics(const struct ffitap_directory *directory);
void ffitap_directory_close_statistics(const struct ffitap_directory *directory);

/* How many processes have left statistics in that folder. */
unsigned ffitap_directory_count_statistics(const struct ffitap_directory *directory);

/* Puts everything back as it was before the directory was made. */
void ffitap_directory_undo(struct ffitap_directory *directory);

/* Removes what only ffitap_directory_undo() needed. */
void ffitap_directory_commit(struct ffitap_directory *directory);

/* Bytes in the files of the directory. */
uint64_t ffitap_directory_size(const struct ffitap_directory *directory);

void ffitap_directory_fini(struct ffitap_directory *directory);

/* Removes a directory and all that is in it, as far as that is possible. */
void ffitap_directory_remove_tree(const char *path);

#endif
