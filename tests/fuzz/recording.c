/* The file `recording` that a recording describes itself with. */
#include "report/base/recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static bool read_it(struct ffitap_recording *recording)
{
    char why[256] = "";
    const bool is_read = ffitap_recording_read(recording, fuzz_folder(), why, sizeof(why)) == 0;

    fuzz_expect(is_read || *why, "a refusal is explained");
    return is_read;
}

static char *written(const struct ffitap_recording *recording, size_t *size)
{
    char path[512];

    fuzz_expect(ffitap_recording_write(recording, fuzz_folder()) == 0, "it can be written");
    snprintf(path, sizeof(path), "%s/" FFITAP_RECORDING_FILE, fuzz_folder());
    return fuzz_read(path, size);
}

/* What was read once and then written must read the same from then on. */
static void expect_same(struct ffitap_recording *recording)
{
    struct ffitap_recording again;
    size_t size, size_again;
    char *text = written(recording, &size);

    fuzz_expect(read_it(&again), "what was written can be read");
    char *text_again = written(&again, &size_again);
    fuzz_expect(size == size_again && memcmp(text, text_again, size) == 0, "it says the same");
    free(text);
    free(text_again);
    ffitap_recording_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ffitap_recording recording;

    fuzz_write(FFITAP_RECORDING_FILE, data, size);
    if (!read_it(&recording))
        return 0;
    fuzz_expect(ffitap_recording_end_ns(&recording) >= 0, "it ended after 1970, or nobody knows");
    expect_same(&recording);
    ffitap_recording_fini(&recording);
    return 0;
}
