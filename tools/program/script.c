#include "program/script.h"

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define MARK  "#!"
#define BLANK " \t"

/* How many bytes the file's head has; -1 if the file cannot be read. */
static ssize_t read_head(char head[FFITAP_SCRIPT_HEAD_SIZE + 1], const char *path)
{
    /* A FIFO or a terminal must not keep us waiting. */
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    const ssize_t size = file >= 0 ? read(file, head, FFITAP_SCRIPT_HEAD_SIZE) : -1;

    if (file >= 0)
        close(file);
    head[size > 0 ? size : 0] = '\0';
    return size;
}

/* Ends the line behind its last word. */
static void trim(char *line)
{
    char *end = line + strcspn(line, "\n");

    while (end > line && strchr(BLANK, end[-1]))
        end--;
    *end = '\0';
}

/*
 * "#! INTERPRETER ARGUMENT", as load_script() in the kernel's fs/binfmt_script.c reads it. False if
 * no interpreter is named.
 */
static bool take_apart(struct ffitap_script *script)
{
    char *line = script->head + strlen(MARK);
    const bool is_cut = strlen(script->head) == FFITAP_SCRIPT_HEAD_SIZE && !strchr(line, '\n');
    char *name = line + strspn(line, BLANK);
    char *name_end = name + strcspn(name, BLANK "\n");
    const bool name_is_cut = is_cut && !*name_end;

    trim(name);
    if (!*name || name_is_cut)
        return false;
    script->interpreter = name;
    if (*name_end) {
        *name_end = '\0';
        script->argument = name_end + 1 + strspn(name_end + 1, BLANK);
    }
    return true;
}

enum ffitap_file_kind ffitap_script_read(struct ffitap_script *script, const char *path)
{
    script->interpreter = script->argument = NULL;
    if (read_head(script->head, path) < 0)
        return FFITAP_FILE_UNREADABLE;
    if (strncmp(script->head, ELFMAG, SELFMAG) == 0)
        return FFITAP_FILE_ELF;
    if (strncmp(script->head, MARK, strlen(MARK)) != 0)
        return FFITAP_FILE_OTHER;
    return take_apart(script) ? FFITAP_FILE_SCRIPT : FFITAP_FILE_OTHER;
}
