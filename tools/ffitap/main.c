/* The ffitap command: finds the subcommand and hands over to it. */
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "command_line.h"
#include "commands.h"
#include "help.h"
#include "message.h"
#include "tap/clock.h"

/* Runs the command that `argv`, of `argc` words, starts with. */
static int run_command(int argc, const char **argv)
{
    const struct ffitap_command *command = ffitap_command_find(argv[0]);

    if (!command)
        return FFITAP_EXIT_FAILED;
    argv[0] = command->title;
    return command->run(argc, argv);
}

static int count(const char **words)
{
    int number = 0;

    while (words[number])
        number++;
    return number;
}

/*
 * Where standard streams are closed, something of ffitap's would take their numbers, and messages
 * would go there. What takes them can be read from, not written to: a report that nobody gets is a
 * failure. The traced program finds them closed again.
 */
static void occupy_standard_streams(void)
{
    int descriptor;

    do
        descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
    while (descriptor >= 0 && descriptor <= STDERR_FILENO);
    if (descriptor >= 0)
        close(descriptor);
}

int ffitap_main(int argc, char **argv)
{
    const struct poptOption options[] = {POPT_TABLEEND};
    const struct ffitap_usage usage = {
        .options = options,
        .words = "COMMAND [OPTION...] [ARGUMENT...]",
        .needed = "command",
        .is_program = true, /* the command's options are its own */
        .print_help = ffitap_help_print_overview,
    };
    const char **words = (const char **)argv;
    struct ffitap_command_line line;

    occupy_standard_streams();
    ffitap__clock_init();
    words[0] = "ffitap"; /* whatever path it was called by */
    if (ffitap_command_line_init(&line, &usage, argc, words)) {
        const int rest = count(line.words); /* they are popt's: the command gets those of argv */
        line.status = run_command(rest, words + argc - rest);
    }
    ffitap_command_line_fini(&line);
    return line.status;
}
