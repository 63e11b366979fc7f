/* Asks other programs something: runs them to their end, and keeps what they print. */
#ifndef FFITAP_TOOLS_FFITAP_DOCTOR_ASK_H
#define FFITAP_TOOLS_FFITAP_DOCTOR_ASK_H

#include <stdbool.h>

struct ffitap_answer {
    char *output, *errors; /* what came from the standard streams */
    int status;            /* as wait(2) has it; meaningless if it was not started */
};

/*
 * Runs `argv`, found as execvp(3) finds it, with nothing on standard input and the environment
 * `environment` (NULL: ffitap's own). A program that does not end within `seconds` gets SIGALRM.
 * True if the program was started and exited with 0. Release with ffitap_answer_fini() either way.
 */
bool ffitap_ask(struct ffitap_answer *answer, const char *const *argv, char **environment,
                unsigned seconds);

void ffitap_answer_fini(struct ffitap_answer *answer);

#endif
