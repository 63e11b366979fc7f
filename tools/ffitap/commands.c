#include "commands.h"

#include <string.h>

#include "message.h"

const struct ffitap_command ffitap_commands[] = {
    {"bench", "ffitap bench", ffitap_command_bench, "measure what tracing costs on this machine"},
    {"doctor", "ffitap doctor", ffitap_command_doctor, "say what of a program can be seen here"},
    {"help", "ffitap help", ffitap_command_help, "show this, or the manual page of a command"},
    {"record", "ffitap record", ffitap_command_record,
     "run a program and record its foreign calls"},
    {"report", "ffitap report", ffitap_command_report, "say what a recording holds"},
    {"stat", "ffitap stat", ffitap_command_stat, "run a program and count its foreign calls"},
    {"top", "ffitap top", ffitap_command_top, "watch the foreign calls of what runs"},
};

const size_t ffitap_command_count = sizeof ffitap_commands / sizeof *ffitap_commands;

const struct ffitap_command *ffitap_command_find(const char *name)
{
    for (size_t i = 0; i < ffitap_command_count; i++) {
        if (strcmp(name, ffitap_commands[i].name) == 0)
            return &ffitap_commands[i];
    }
    ffitap_say("%s: no such command; see ffitap --help", name);
    return NULL;
}
