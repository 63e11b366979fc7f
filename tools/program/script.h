/* Scripts, and how the kernel follows the "#!" that they begin with. */
#ifndef FFITAP_TOOLS_PROGRAM_SCRIPT_H
#define FFITAP_TOOLS_PROGRAM_SCRIPT_H

/*
 * The kernel's limit: an interpreter may be a script, too, but only so many may follow each other.
 */
#define FFITAP_SCRIPT_INTERPRETER_MAX 5

/*
 * The kernel's limit, too: it looks only at so many bytes of a file, and cuts a longer line there.
 */
#define FFITAP_SCRIPT_HEAD_SIZE 256

/* What a file begins with. */
enum ffitap_file_kind {
    FFITAP_FILE_UNREADABLE,
    FFITAP_FILE_SCRIPT, /* "#!" and the name of an interpreter */
    FFITAP_FILE_ELF,
    FFITAP_FILE_OTHER, /* neither: the kernel refuses the file, and execvp(3) has /bin/sh run it */
};

/* A script's first line; the strings are parts of `head`. */
struct ffitap_script {
    const char *interpreter; /* as the line names it: a relative name is one in the directory that
                                the process is in */
    const char *argument; /* all that stands behind the interpreter, as one word; NULL: nothing */
    char head[FFITAP_SCRIPT_HEAD_SIZE + 1];
};

/* Looks into the file at `path`. If it is a script, `script` says what its first line names. */
enum ffitap_file_kind ffitap_script_read(struct ffitap_script *script, const char *path);

#endif
