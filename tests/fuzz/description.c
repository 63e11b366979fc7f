/* What `ffitap record` writes about a command. The input is the filter, and then the words of the
 * command, a line each. */
#include "recorder/description.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define WORDS_MAX 16

static void expect_same(const struct ffitap_recording *recording)
{
    struct ffitap_recording again;
    char why[256];

    fuzz_expect(ffitap_description_write(recording, fuzz_folder()), "it can be written");
    fuzz_expect(ffitap_recording_read(&again, fuzz_folder(), why, sizeof(why)) == 0,
                "what was written can be read");
    fuzz_expect(json_equal(recording->command, again.command), "the command is the same");
    fuzz_expect(json_equal(recording->filter, again.filter), "the filter is the same");
    fuzz_expect(!recording->program == !again.program, "the program is the same");
    ffitap_recording_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    char *filter = fuzz_take_line(&input);
    char *words[WORDS_MAX + 1] = {fuzz_take_line(&input)};
    unsigned count = 1;
    struct ffitap_recording recording;

    while (input.size && count < WORDS_MAX)
        words[count++] = fuzz_take_line(&input);
    const struct ffitap_description description = {
        .token = "0123456789abcdef",
        .command = (const char **)words,
        .mode = "record",
        .events = "calls",
        .filter = filter,
    };
    fuzz_expect(ffitap_description_init(&recording, &description), "there is memory");
    fuzz_expect(json_array_size(recording.command) == count, "every word is in it");
    expect_same(&recording);
    ffitap_recording_fini(&recording);
    for (unsigned i = 0; i < count; i++)
        free(words[i]);
    free(filter);
    return 0;
}
