#include "recorder/package.h"

#include <string.h>

/* The libraries that the commands are linked with; a library stands before those that need it. In
 * newer suites some of the packages have longer names, and provide the names given here. */
#define NEEDED(X)                                                                                  \
    X("libglib-2.0.so.0", "libglib2.0-0")                                                          \
    X("libbabeltrace2.so.0", "libbabeltrace2-0")                                                   \
    X("libelf.so.1", "libelf1")                                                                    \
    X("libjansson.so.4", "libjansson4")                                                            \
    X("libpopt.so.0", "libpopt0")                                                                  \
    X("libtinfo.so.6", "libtinfo6")                                                                \
    X("libncursesw.so.6", "libncursesw6")

/* What those need, and what the libraries that ffitap puts into programs are linked with. */
#define OTHERS(X)                                                                                  \
    X("libffi.so.8", "libffi8")                                                                    \
    X("libgmodule-2.0.so.0", "libglib2.0-0")                                                       \
    X("liblttng-ust-common.so.1", "liblttng-ust-common1")                                          \
    X("liblttng-ust-fd.so.1", "liblttng-ust1")                                                     \
    X("liblttng-ust-fork.so.1", "liblttng-ust1")                                                   \
    X("liblttng-ust-tracepoint.so.1", "liblttng-ust1")                                             \
    X("liblttng-ust.so.1", "liblttng-ust1")

#define X(library, package) library,
const char *const ffitap_needed[] = {NEEDED(X)};
#undef X
const size_t ffitap_needed_count = sizeof ffitap_needed / sizeof *ffitap_needed;

static const struct {
    const char *library, *package;
} packages[] = {
#define X(library, package) {library, package},
    NEEDED(X) OTHERS(X)
#undef X
};

const char *ffitap_package_of(const char *library)
{
    for (size_t i = 0; i < sizeof packages / sizeof *packages; i++) {
        if (strcmp(packages[i].library, library) == 0)
            return packages[i].package;
    }
    return NULL;
}
