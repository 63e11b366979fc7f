/* Notes of programs that were started. The input is the name of a note up to the first newline, and
 * then what the note says. */
#include "report/base/exec_note.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

#define NAME "4711.exec"

static int folder(void)
{
    static int at = -1;

    if (at < 0)
        at = open(fuzz_folder(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    fuzz_expect(at >= 0, "the folder can be opened");
    return at;
}

static void expect_in_order(const struct ffitap__read_note *note)
{
    fuzz_expect(note->started.pid >= 0 && note->started.parent >= 0, "a process has a number");
    fuzz_expect(note->started.path > note->text &&
                    note->started.path < note->text + sizeof(note->text),
                "the path is in the text");
    fuzz_expect(!note->started.is_whole || *note->started.path == '/',
                "a whole path is an absolute one");
}

static void read_file(struct ffitap__read_note *note, const struct fuzz_input *input)
{
    fuzz_write(NAME, input->data, input->size);
    if (!ffitap__exec_note_read(note, folder(), NAME))
        expect_in_order(note);
    unlinkat(folder(), NAME, 0);
}

/* A link must say the same when a file was made of it. */
static void read_link(struct ffitap__read_note *note, const char *text)
{
    static struct ffitap__read_note kept;

    if (symlinkat(text, folder(), NAME) != 0)
        return;
    const char *flaw = ffitap__exec_note_read(note, folder(), NAME);
    if (!flaw)
        expect_in_order(note);
    ffitap_notes_keep(fuzz_folder());
    fuzz_expect((ffitap__exec_note_read(&kept, folder(), NAME) == NULL) == !flaw,
                "a note that is kept is one as before");
    fuzz_expect(flaw || strcmp(kept.text, note->text) == 0, "it says the same");
    unlinkat(folder(), NAME, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ffitap__read_note note;
    struct fuzz_input input = {data, size};
    char *name = fuzz_take_line(&input);

    if (ffitap__exec_note_is_name(name))
        fuzz_expect(strstr(name, FFITAP__EXEC_NOTE_SUFFIX) != NULL, "it has the suffix");
    ffitap__exec_note_read(&note, -1, name);
    read_file(&note, &input);
    char *text = fuzz_take_text(&input);
    read_link(&note, text);
    free(text);
    free(name);
    return 0;
}
