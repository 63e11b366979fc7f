/*
 * The recording's directory. An earlier recording of the same name is kept as NAME.old; what stood
 * there before that goes, but only once the traced program runs: until then all of it can be
 * undone.
 */
#ifndef FFITAP_TOOL_OUTPUT_H
#define FFITAP_TOOL_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

struct ffitap_output {
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
 * ffitap_output_fini() either way.
 */
bool ffitap_output_init(struct ffitap_output *output, const char *name, const char *token);

/* Moves an earlier recording away and makes the directory. False, undone, having said why. */
bool ffitap_output_create(struct ffitap_output *output);

/*
 * In place of both: makes a directory of its own among the temporary files, which goes again with
 * ffitap_output_undo(). False, having said why.
 */
bool ffitap_output_create_temporary(struct ffitap_output *output);

/*
 * Makes the folder for the statistics files in it. As root, who may run programs that become other
 * users, everybody may add files to it until ffitap_output_close_statistics(). False, having said
 * why.
 */
bool ffitap_output_open_statistics(const struct ffitap_output *output);
void ffitap_output_close_statistics(const struct ffitap_output *output);

/* How many processes have left statistics in that folder. */
unsigned ffitap_output_count_statistics(const struct ffitap_output *output);

/* Puts everything back as it was before the directory was made. */
void ffitap_output_undo(struct ffitap_output *output);

/* Removes what only ffitap_output_undo() needed. */
void ffitap_output_commit(struct ffitap_output *output);

/* Bytes in the files of the directory. */
uint64_t ffitap_output_size(const struct ffitap_output *output);

void ffitap_output_fini(struct ffitap_output *output);

/* Removes a directory and all that is in it, as far as that is possible. */
void ffitap_output_remove_tree(const char *path);

#endif
