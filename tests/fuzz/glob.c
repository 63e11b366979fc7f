/* Globs. The input is a glob and a text, a line each. fnmatch(3) of the C library says what is
 * right. */
#include "tap/base/glob.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* fnmatch(3) takes exponential time for many stars. */
#define LONGEST 48

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    char *glob = fuzz_take_line(&input);
    char *text = fuzz_take_line(&input);

    if (!ffitap__glob_flaw(glob)) {
        const bool matches = ffitap__glob_matches(glob, text);
        if (strlen(glob) <= LONGEST && strlen(text) <= LONGEST)
            fuzz_expect(matches == (fnmatch(glob, text, 0) == 0), "fnmatch(3) says the same");
    }
    free(glob);
    free(text);
    return 0;
}
