/* The ffitap command: finds the subcommand and hands over to it. */
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "ffitap/commands/command_line.h"
#include "help.h"
#include "main.h"
#include "recorder/message.h"
#include "tap/base/clock.h"

static int count(const char **words)
{
    int number = 0;

    while (words[number])
        number++;
    return number;
}

/* Runs the command that the words start with. `arguments` end with the same words. */
static int run_command(const char **words, void *arguments)
{
    const struct ffitap_command *command = ffitap_command_find(words[0]);
    const char **all = arguments;
    const int rest = count(words);

    if (!command)
        return FFITAP_EXIT_FAILED;
    words = all + count(all) - rest; /* `words` was popt's array */
    words[0] = command->title;
    return command->run(rest, words);
}

/*
 * If standard streams are closed, files that ffitap opens would get their numbers, and messages
 * would be written into those files. So something else takes these numbers. It can be read but not
 * written: a report that nobody gets has to fail. The traced program finds the streams closed
 * again.
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

    occupy_standard_streams();
    ffitap__clock_init();
    words[0] = "ffitap"; /* whatever path it was called by */
    return ffitap_command_parse(argc, words, &usage, run_command, words);
}
