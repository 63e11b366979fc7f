/* `ffitap report` alone, for the tests of the report generator. */
#include "commands.h"

int main(int argc, char **argv)
{
    return ffitap_command_report(argc, (const char **)argv);
}
