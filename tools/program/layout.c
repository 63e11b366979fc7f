#include "program/layout.h"

#include <stdint.h>

#include "program/elf_file.h"
#include "tap/layout.h"

/* The stamp of the layout that the library was built with; 0 if it has none. */
static uint64_t layout_of(const char *path)
{
    struct ffitap_elf_file file;
    uint64_t layout = 0;

    if (ffitap_elf_file_open(&file, path))
        return 0;
    if (!ffitap_elf_file_read_section(&file, FFITAP__LAYOUT_SECTION, &layout, sizeof layout))
        layout = 0;
    ffitap_elf_file_close(&file);
    return layout;
}

bool ffitap_layout_agree(const char *one, const char *other)
{
    const uint64_t layout = layout_of(one);

    return layout && layout == layout_of(other);
}
