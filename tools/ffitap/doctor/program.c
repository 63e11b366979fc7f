/* ffitap doctor: the program, as far as a look at its file tells. */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "arch/arch.h"
#include "ffitap/doctor/command.h"
#include "ffitap/doctor/interpreter.h"
#include "ffitap/doctor/objects.h"
#include "ffitap/doctor/program.h"
#include "recorder/message.h"
#include "recorder/preload.h"

/* Programs that start others where ffitap's libraries, or the environment, do not reach. */
static const struct {
    const char *name, *what;
} barriers[] = {
    {"chroot", "in another root directory, where ffitap's libraries are not found"},
    {"doas", "with another environment"},
    {"pkexec", "with another environment"},
    {"sudo", "with another environment"},
};

static void look_for_barriers(struct ffitap_findings *findings, const char *path)
{
    char *name = g_path_get_basename(path);

    for (size_t i = 0; i < G_N_ELEMENTS(barriers); i++) {
        if (strcmp(name, barriers[i].name) != 0)
            continue;
        char *advice = g_strdup_printf("put ffitap behind it: %s ... ffitap record ...", name);
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "program", advice,
                            "%s starts programs %s", path, barriers[i].what);
        g_free(advice);
    }
    g_free(name);
}

/* What makes the dynamic linker ignore LD_PRELOAD, as words; NULL if nothing does. */
static const char *find_privilege(const char *path)
{
    struct stat status;
    struct statvfs place;

    if (stat(path, &status) != 0 || (statvfs(path, &place) == 0 && place.f_flag & ST_NOSUID) ||
        prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        return NULL;
    if (status.st_mode & S_ISUID && status.st_uid != getuid())
        return "set-user-ID";
    if ((status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && status.st_gid != getgid())
        return "set-group-ID";
    if (getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0)
        return "given capabilities";
    return NULL;
}

static bool look_at_privileges(struct ffitap_findings *findings, const char *path)
{
    const char *privilege = find_privilege(path);

    if (!privilege)
        return true;
    ffitap_findings_add(findings, FFITAP_LEVEL_PROBLEM, "privileges",
                        "trace a copy without, as the user or with the rights that it needs",
                        "%s is %s, and so the dynamic linker preloads nothing into it", path,
                        privilege);
    ffitap_findings_name_file(findings, path);
    return false;
}

static bool is_same_file(const char *one, const char *other)
{
    struct stat first, second;

    return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

/* Whether the program's dynamic linker is one that can be asked what it would load. */
static bool look_at_linker(struct ffitap_findings *findings, const char *path,
                           const char *interpreter, int *status)
{
    if (is_same_file(interpreter, FFITAP__LINKER))
        return true;
    if (access(interpreter, X_OK) != 0) {
        ffitap_findings_add(findings, FFITAP_LEVEL_PROBLEM, "linker", "install it",
                            "%s asks for the dynamic linker %s: %s", path, interpreter,
                            strerror(errno));
        *status = errno == ENOENT ? FFITAP_EXIT_NOT_FOUND : FFITAP_EXIT_NOT_EXECUTABLE;
    } else if (strstr(interpreter, "ld-musl")) {
        ffitap_findings_add(findings, FFITAP_LEVEL_PROBLEM, "linker",
                            "use a build for the GNU C library",
                            "%s is built for musl (%s), and ffitap's libraries for the GNU C "
                            "library",
                            path, interpreter);
    } else {
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "linker",
                            "see whether 'ffitap stat' counts anything in it",
                            "%s has a dynamic linker of its own, %s: whether that takes ffitap's "
                            "libraries was not tried",
                            path, interpreter);
    }
    return false;
}

static bool look_at_kind(struct ffitap_findings *findings, const char *path,
                         const struct ffitap_elf_file *file, int *status)
{
    if (!file->is_native)
        ffitap_findings_add(findings, FFITAP_LEVEL_PROBLEM, "program", "use the 64-bit build",
                            "%s is not for " FFITAP__MACHINE_NAME ", as ffitap's libraries are",
                            path);
    else if (!file->interpreter)
        ffitap_findings_add(findings, FFITAP_LEVEL_PROBLEM, "program",
                            "link it dynamically, or use a build that is",
                            "%s is linked statically: there is no dynamic linker to preload "
                            "anything into it",
                            path);
    else
        return look_at_linker(findings, path, file->interpreter, status);
    ffitap_findings_name_file(findings, path);
    return false;
}

/* Whether the dynamic linker, asked what it would load, names the shim. */
static bool look_at_preloading(struct ffitap_findings *findings,
                               const struct ffitap_executable *executable)
{
    const struct ffitap_linked *linked = &executable->linked;

    if (linked->missing) {
        ffitap_findings_add(findings, FFITAP_LEVEL_PROBLEM, "program",
                            "install the library, or name its directory in LD_LIBRARY_PATH",
                            "%s needs %s, which the dynamic linker does not find", executable->path,
                            linked->missing);
        ffitap_findings_name_file(findings, executable->path);
        return false;
    }
    if (ffitap_linked_borrow(linked, FFITAP_SHIM)) {
        ffitap_findings_add(findings, FFITAP_LEVEL_OK, "program", NULL,
                            "%s is linked dynamically, and the dynamic linker preloads the shim "
                            "into it",
                            executable->path);
        ffitap_findings_name_file(findings, executable->path);
        return true;
    }
    ffitap_findings_add(findings, FFITAP_LEVEL_PROBLEM, "program", NULL,
                        "the dynamic linker does not preload the shim into %s: %s",
                        executable->path,
                        linked->complaint ? linked->complaint : "it does not say why");
    return false;
}

static void look_inside(struct ffitap_findings *findings, const struct ffitap_parts *parts,
                        const struct ffitap_doctor_command *command)
{
    const char *present = getenv("LD_PRELOAD");
    char *preload = g_strdup_printf("%s%s%s", present ? present : "",
                                    present && *present ? ":" : "", parts->shim);
    struct ffitap_executable executable = {
        .path = command->path,
        .arguments = (const char *const *)command->words->pdata,
        .parts = parts,
        .callers = g_ptr_array_new_with_free_func(g_free),
    };

    /* The dynamic linker is given the real path, because $ORIGIN stands for the directory of the
     * real file. When the program is run, the kernel tells the linker that path. */
    char *file = realpath(command->path, NULL);
    ffitap_linked_init(&executable.linked, file ? file : command->path, preload);
    free(file);
    if (look_at_preloading(findings, &executable)) {
        ffitap_doctor_objects(findings, &executable);
        ffitap_doctor_interpreter(findings, &executable);
    }
    ffitap_linked_fini(&executable.linked);
    g_ptr_array_unref(executable.callers);
    g_free(preload);
}

/* Returns the exit status, 0 if the program can be started. */
static int look_at_file(struct ffitap_findings *findings, const struct ffitap_parts *parts,
                        const struct ffitap_doctor_command *command)
{
    struct ffitap_elf_file file;
    int status = 0;
    const char *why = ffitap_elf_file_open(&file, command->path);

    if (why) {
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "program",
                            "see whether 'ffitap stat' counts anything in it",
                            "%s could not be looked at: %s", command->path, why);
        ffitap_findings_name_file(findings, command->path);
        return 0;
    }
    const bool is_loadable = look_at_kind(findings, command->path, &file, &status);
    ffitap_elf_file_close(&file);
    if (look_at_privileges(findings, command->path) && is_loadable && parts->shim)
        look_inside(findings, parts, command);
    return status;
}

int ffitap_doctor_program(struct ffitap_findings *findings, const struct ffitap_parts *parts,
                          const char **command)
{
    struct ffitap_doctor_command followed;
    int status = ffitap_doctor_command_follow(&followed, findings, command);

    if (status == 0 && !followed.is_cut_off) {
        look_for_barriers(findings, followed.path);
        status = look_at_file(findings, parts, &followed);
    }
    ffitap_doctor_command_fini(&followed);
    return status;
}
