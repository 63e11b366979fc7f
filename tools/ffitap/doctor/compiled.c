/*
 * ffitap doctor: modules that cffi compiled (its API mode). Their calls are plain calls of C, which
 * do not go through libffi.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ffitap/doctor/compiled.h"
#include "program/elf_file.h"

/* The method of cffi's backend by which each such module introduces itself. */
#define MARK        "_init_cffi_1_0_external_module"
#define BACKEND     "PyInit__cffi_backend"
#define OLD_BACKEND "init_cffi_backend"

/* Packages do not lie deeper, and nobody wants to wait for a whole disk. */
#define DEPTH_MAX 8
#define ENTRY_MAX 200000

struct search {
    struct ffitap_findings *findings;
    GHashTable *seen; /* directories, by device and inode: they may lie in each other */
    unsigned entries;
};

static bool is_compiled_by_cffi(const char *path)
{
    struct ffitap_elf_file file;
    const bool is =
        !ffitap_elf_file_open(&file, path) && ffitap_elf_file_holds_string(&file, MARK) &&
        !ffitap_elf_file_defines(&file, BACKEND) && !ffitap_elf_file_defines(&file, OLD_BACKEND);

    ffitap_elf_file_close(&file);
    return is;
}

static void look_at_entry(struct search *search, const char *path)
{
    if (!g_str_has_suffix(path, ".so") || !is_compiled_by_cffi(path))
        return;
    ffitap_findings_add(search->findings, FFITAP_LEVEL_WARNING, "cffi", NULL,
                        "%s is compiled by cffi (API mode): if the program imports it, its calls "
                        "are not seen, for they are plain C",
                        path);
    ffitap_findings_name_file(search->findings, path);
}

/* Whether this may be the name of a package. Letters that are not ASCII are all allowed. */
static bool is_package_name(const char *name)
{
    for (; *name; name++)
        if (!g_ascii_isalnum(*name) && *name != '_' && !(*name & 0x80))
            return false;
    return true;
}

static bool is_new(struct search *search, int directory)
{
    struct stat status;

    return fstat(directory, &status) == 0 &&
           g_hash_table_add(search->seen, g_strdup_printf("%ju:%ju", (uintmax_t)status.st_dev,
                                                          (uintmax_t)status.st_ino));
}

static void look_into(struct search *search, const char *path, int depth);

static void look_at(struct search *search, const char *directory, const struct dirent *entry,
                    int depth)
{
    char *path = g_build_filename(directory, entry->d_name, NULL);
    struct stat status;

    if (lstat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        if (depth < DEPTH_MAX && is_package_name(entry->d_name))
            look_into(search, path, depth + 1);
    } else {
        look_at_entry(search, path);
    }
    g_free(path);
}

static void look_into(struct search *search, const char *path, int depth)
{
    const int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = descriptor >= 0 ? fdopendir(descriptor) : NULL;
    const struct dirent *entry;

    if (!directory)
        return; /* Python skips what is no directory, too */
    if (is_new(search, descriptor))
        while (search->entries < ENTRY_MAX && (entry = readdir(directory))) {
            search->entries++;
            if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                look_at(search, path, entry, depth);
        }
    closedir(directory);
}

void ffitap_doctor_compiled(struct ffitap_findings *findings, const GPtrArray *path)
{
    const guint before = findings->current->len;
    struct search search = {
        .findings = findings,
        .seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
    };

    for (guint i = 0; i < path->len; i++)
        look_into(&search, g_ptr_array_index(path, i), 0);
    if (search.entries >= ENTRY_MAX)
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "cffi", NULL,
                            "only the first %d files on Python's path were looked at for modules "
                            "that cffi compiled",
                            ENTRY_MAX);
    else if (findings->current->len == before)
        ffitap_findings_add(findings, FFITAP_LEVEL_OK, "cffi", NULL,
                            "no module on Python's path is compiled by cffi (API mode)");
    g_hash_table_unref(search.seen);
}
