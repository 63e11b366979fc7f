/* Notes of programs that were started, which somebody else may have written. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "report/base/exec_note.h"

#define NAME "4711.exec"

static char directory[64];
static int folder;
static struct ffitap__read_note note;

static void create(void)
{
    strcpy(directory, "/tmp/ffitap-test-XXXXXX");
    cr_assert(mkdtemp(directory) != NULL);
    folder = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void destroy(void)
{
    unlinkat(folder, NAME, 0);
    close(folder);
    cr_expect(eq(int, rmdir(directory), 0), "something else was left in the directory");
}

TestSuite(note, .init = create, .fini = destroy);

/* Makes a link whose text looks like a note, of `size` bytes in all. */
static void leave(size_t size)
{
    char text[2 * FFITAP__EXEC_NOTE_MAX] = FFITAP__EXEC_NOTE_MAGIC " 4711 1 2 0 /";

    memset(text + strlen(text), 'x', size - strlen(text));
    cr_assert(eq(int, symlinkat(text, folder, NAME), 0));
}

Test(note, that_is_kept_becomes_a_file_and_says_the_same)
{
    char target[8];

    leave(FFITAP__EXEC_NOTE_MAX);
    ffitap_notes_keep(directory);
    cr_expect(lt(i64, readlinkat(folder, NAME, target, sizeof(target)), 0));
    cr_assert(ffitap__exec_note_read(&note, folder, NAME) == NULL);
    cr_expect(eq(sz, strlen(note.text), FFITAP__EXEC_NOTE_MAX));
    cr_expect(eq(int, note.started.pid, 4711));
}

Test(note, that_is_too_long_is_damaged_before_and_after_it_is_kept)
{
    leave(FFITAP__EXEC_NOTE_MAX + 1);
    cr_expect(eq(str, (char *)ffitap__exec_note_read(&note, folder, NAME), "is damaged"));
    ffitap_notes_keep(directory);
    cr_expect(eq(str, (char *)ffitap__exec_note_read(&note, folder, NAME), "is damaged"));
}
