/* The first line of a script, read as the kernel reads it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "program/script.h"

static struct ffitap_script script;

/* The kind of a file that holds `text`. */
static enum ffitap_file_kind read_text(const char *text, size_t size)
{
    char path[64];
    const int file = memfd_create("script", MFD_CLOEXEC);

    cr_assert(eq(long, write(file, text, size), (long)size));
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    const enum ffitap_file_kind kind = ffitap_script_read(&script, path);
    close(file);
    return kind;
}

static void expect_names(const char *text, const char *interpreter, const char *argument)
{
    cr_assert(eq(int, read_text(text, strlen(text)), FFITAP_FILE_SCRIPT));
    cr_expect(eq(str, (char *)script.interpreter, (char *)interpreter));
    cr_assert(eq(int, script.argument != NULL, argument != NULL));
    if (argument)
        cr_expect(eq(str, (char *)script.argument, (char *)argument));
}

/* Makes a first line whose interpreter has a name of `length` bytes, followed by `rest`. */
static size_t make_long_line(char *text, size_t length, const char *rest)
{
    return (size_t)sprintf(text, "#!/%0*d%s", (int)length - 1, 0, rest);
}

Test(script, names_its_interpreter)
{
    expect_names("#!/bin/sh\necho\n", "/bin/sh", NULL);
    expect_names("#! \t/bin/sh \t\necho\n", "/bin/sh", NULL);
    expect_names("#!/bin/sh", "/bin/sh", NULL);
}

Test(script, may_name_its_interpreter_by_a_relative_name)
{
    expect_names("#!bin/sh -x\n", "bin/sh", "-x");
}

Test(script, gives_its_interpreter_one_argument)
{
    expect_names("#!/usr/bin/env \t-S python3 -I \t\n", "/usr/bin/env", "-S python3 -I");
}

Test(script, that_names_no_interpreter_is_none)
{
    const char *const texts[] = {"#!", "#!\n/bin/sh\n", "#! \t\n", "#! \t"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cr_expect(eq(int, read_text(texts[i], strlen(texts[i])), FFITAP_FILE_OTHER));
    }
}

Test(script, ends_where_the_kernel_stops_to_read)
{
    char text[FFITAP_SCRIPT_HEAD_SIZE + 64];
    size_t size = make_long_line(text, FFITAP_SCRIPT_HEAD_SIZE - 4, " -x -y\n");

    cr_assert(eq(int, read_text(text, size), FFITAP_FILE_SCRIPT));
    cr_expect(eq(sz, strlen(script.interpreter), FFITAP_SCRIPT_HEAD_SIZE - 4));
    cr_expect(eq(str, (char *)script.argument, "-"));

    /* An interpreter whose name may be cut off is not taken for one. */
    size = make_long_line(text, FFITAP_SCRIPT_HEAD_SIZE - 2, "\n");
    cr_expect(eq(int, read_text(text, size), FFITAP_FILE_OTHER));
}

Test(script, is_told_from_programs_and_plain_text)
{
    cr_expect(eq(int, read_text("\177ELF\2\1", 6), FFITAP_FILE_ELF));
    cr_expect(eq(int, read_text("echo\n#!/bin/sh\n", 15), FFITAP_FILE_OTHER));
    cr_expect(eq(int, read_text("", 0), FFITAP_FILE_OTHER));
    cr_expect(eq(int, ffitap_script_read(&script, "/no/such/file"), FFITAP_FILE_UNREADABLE));
    cr_expect(eq(int, ffitap_script_read(&script, "/"), FFITAP_FILE_UNREADABLE));
}
