/*
 * Runs tables of cases through ffitap's core and prints the outcome of each line, in the words that
 * run_ctypes.py uses, too.
 *
 *     run_core FOLDER-OF-LIBRARIES TABLE...
 */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case.h"

/* Runs one case in a child, so that whatever the case loads, sets or crashes stays there. */
static void run_in_child(const struct line *one)
{
    int status = 0;
    const pid_t child = fork();

    if (child == 0) {
        case_run(one, &(struct frame){0});
        thing_destroy_all();
        exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        table_error(one->number, "cannot have a process of its own");
    if (WIFSIGNALED(status))
        dprintf(STDOUT_FILENO, "%d\tdied of SIG%s\n", *case_current,
                sigabbrev_np(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0)
        table_error(*case_current, "ended the process with %d", WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
    void *shared =
        mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (argc < 3 || shared == MAP_FAILED || !setlocale(LC_CTYPE, "C.UTF-8"))
        table_error(0, "usage: run_core FOLDER-OF-LIBRARIES TABLE...");
    case_current = shared;
    case_directory = argv[1];
    for (int i = 2; i < argc; i++) {
        const struct table *table = table_read(argv[i]);

        dprintf(STDOUT_FILENO, "%s\n", basename(argv[i]));
        for (size_t one = 0; one < table->count; one++)
            run_in_child(&table->cases[one]);
    }
    return 0;
}
