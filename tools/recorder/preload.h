/*
 * What makes a program traced: the libraries that the dynamic linker loads into it ahead of its
 * own, and the environment that says so.
 */
#ifndef FFITAP_TOOLS_RECORDER_PRELOAD_H
#define FFITAP_TOOLS_RECORDER_PRELOAD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * For `ffitap record ffitap record ...`: if the running ffitap is itself being recorded, starts it
 * anew without the libraries that watch it. LTTng in it would stay registered with the outer
 * recording's daemon, and would not survive what ffitap does with descriptors. `argv`, of `argc`
 * words, is the command's own; its first word is "ffitap record". Returns if there is no need.
 */
void ffitap_preload_shed(int argc, const char **argv);

/*
 * Takes out of ffitap's own environment what tells programs that they are recorded, where they
 * write and what they leave out. False if memory is short.
 */
bool ffitap_preload_unset(void);

#define FFITAP_SHIM     "libffitap-shim.so"
#define FFITAP_PROVIDER "libffitap-tracepoints.so"

/* The library that these need, by the start of its file name. It is not preloaded itself. */
#define FFITAP_TAP "libffitap-tap.so"

/* Characters that a name in LD_PRELOAD cannot have. */
#define FFITAP_PRELOAD_SEPARATORS " :\t\n"

/* What a forked child that does not exec needs to stay in the recording. */
#define FFITAP_FORK_LIBRARY "liblttng-ust-fork.so.1"

/*
 * Hides LTTng's descriptors from a program that closes all descriptors, as daemons do. Without this
 * library LTTng aborts when the program exits; and until then its threads go on to use and close
 * the numbers of descriptors that the program has opened since.
 */
#define FFITAP_DESCRIPTOR_LIBRARY "liblttng-ust-fd.so.1"

/* What the libraries do in the program. */
enum ffitap_preload {
    FFITAP_PRELOAD_NOTHING,  /* they are not there: for a comparison */
    FFITAP_PRELOAD_COUNTING, /* the shim alone */
    FFITAP_PRELOAD_TRACING,  /* LTTng's, too */
};

/* A variable of the program's environment. */
struct ffitap_variable {
    const char *name;
    const char *value; /* NULL: as it is in ffitap's own */
};

/*
 * Makes the environment of the traced program: ffitap's own with the `count` `variables` and
 * LD_PRELOAD set. LD_PRELOAD names what it names already, and then ffitap's libraries, which are
 * found relative to the running ffitap. Release with ffitap_preload_free_environment(). NULL,
 * having said why.
 */
char **ffitap_preload_environment(enum ffitap_preload what, const struct ffitap_variable *variables,
                                  size_t count);

void ffitap_preload_free_environment(char **environment);

#endif
