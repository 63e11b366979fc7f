/* ffitap doctor: what calls through libffi among the objects that a program is linked with. */
#include <string.h>

#include "ffitap/doctor/objects.h"
#include "program/layout.h"
#include "shim/interfaces/ffi/rule.h"

static const char *const ffi_calls[] = {
#define X(which, name) name,
    FFITAP__FFI_CALL_MAP(X)
#undef X
};

bool ffitap_doctor_is_libffi(const struct ffitap_elf_file *file)
{
    return ffitap__ffi_rule_is_libffi(file->soname);
}

bool ffitap_doctor_has_slot_of_call(const struct ffitap_elf_file *file)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ffi_calls); i++)
        if (ffitap_elf_file_has_slot(file, ffi_calls[i]))
            return true;
    return false;
}

static bool defines_call(const struct ffitap_elf_file *file)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ffi_calls); i++)
        if (ffitap_elf_file_defines(file, ffi_calls[i]))
            return true;
    return false;
}

/* Whether the file calls a libffi of its own. A file that only puts functions in front of another
 * libffi's takes ffi_call from there. */
static bool calls_its_own(const struct ffitap_elf_file *file)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ffi_calls); i++)
        if (ffitap_elf_file_has_slot(file, ffi_calls[i]) &&
            ffitap_elf_file_defines(file, ffi_calls[i]))
            return true;
    return false;
}

static const char *borrow_libffi(const struct ffitap_linked *linked)
{
    for (guint i = 0; i < linked->paths->len; i++) {
        const char *path = g_ptr_array_index(linked->paths, i);

        if (ffitap__ffi_rule_is_libffi(strrchr(path, '/') + 1))
            return path;
    }
    return NULL;
}

void ffitap_doctor_say_caller(struct ffitap_findings *findings, const char *subject,
                              const char *path, const struct ffitap_elf_file *file,
                              const struct ffitap_linked *linked)
{
    const bool is_own = calls_its_own(file);
    const char *libffi = is_own ? NULL : borrow_libffi(linked);

    ffitap_findings_add(findings, FFITAP_LEVEL_OK, subject, NULL, "%s calls through %s", path,
                        is_own   ? "a libffi of its own, by a relocation slot"
                        : libffi ? libffi
                                 : "a libffi that it finds at run time");
    ffitap_findings_name_file(findings, path);
    if (libffi)
        ffitap_findings_name_file(findings, libffi);
}

static bool is_ours(const struct ffitap_executable *executable, const char *path)
{
    char *directory = g_path_get_dirname(path);
    const bool is = strcmp(directory, executable->parts->directory) == 0;

    g_free(directory);
    return is;
}

/* Looks at the core that the program brings along, which would be given the tap of this ffitap. */
static void look_at_core(struct ffitap_findings *findings,
                         const struct ffitap_executable *executable, const char *path)
{
    if (ffitap_layout_agree(path, executable->parts->shim))
        return;
    ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "libffitap",
                        "run the program with the libffitap of this ffitap",
                        "%s is of another build than %s: its calls are not seen", path,
                        executable->parts->shim);
    ffitap_findings_name_file(findings, path);
    ffitap_findings_name_file(findings, executable->parts->shim);
}

static void look_at_object(struct ffitap_findings *findings, struct ffitap_executable *executable,
                           const char *path)
{
    struct ffitap_elf_file file;
    const char *why = is_ours(executable, path) ? NULL : ffitap_elf_file_open(&file, path);

    if (is_ours(executable, path))
        return;
    if (why) {
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "libffi", NULL,
                            "%s could not be looked at: %s", path, why);
        ffitap_findings_name_file(findings, path);
        return;
    }
    if (g_str_has_prefix(file.soname, "libffitap.so"))
        look_at_core(findings, executable, path);
    if (!ffitap_doctor_is_libffi(&file) && ffitap_doctor_has_slot_of_call(&file)) {
        ffitap_doctor_say_caller(findings, "libffi", path, &file, &executable->linked);
        g_ptr_array_add(executable->callers, g_strdup(path));
    } else if (!ffitap_doctor_is_libffi(&file) && defines_call(&file)) {
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "libffi",
                            "use a build with a shared libffi",
                            "%s has a libffi built in: calls through it are not seen", path);
        ffitap_findings_name_file(findings, path);
    }
    ffitap_elf_file_close(&file);
}

void ffitap_doctor_objects(struct ffitap_findings *findings, struct ffitap_executable *executable)
{
    look_at_object(findings, executable, executable->path);
    for (guint i = 0; i < executable->linked.paths->len; i++)
        look_at_object(findings, executable, g_ptr_array_index(executable->linked.paths, i));
    if (executable->callers->len > FFITAP__FFI_USER_MAX)
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "libffi", NULL,
                            "%u objects call through libffi, and the shim has hooks for %d",
                            executable->callers->len, FFITAP__FFI_USER_MAX);
}
