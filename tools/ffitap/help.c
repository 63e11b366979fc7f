/* ffitap help: shows what commands there are, or the manual page of a command or a topic. */
#include "help.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ffitap/commands/command_line.h"
#include "ffitap/commands/commands.h"
#include "recorder/install_path.h"
#include "recorder/message.h"

static const struct ffitap_command commands[] = {
#define X(name, summary) {#name, "ffitap " #name, ffitap_command_##name, summary},
    FFITAP_COMMAND_MAP(X)
#undef X
};

static const size_t command_count = sizeof commands / sizeof *commands;

const struct ffitap_command *ffitap_command_find(const char *name)
{
    for (size_t i = 0; i < command_count; i++) {
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    }
    ffitap_say("%s: no such command; see ffitap --help", name);
    return NULL;
}

/* The topics that have a manual page, ffitap-NAME, and the section of that page. */
static const struct topic {
    const char *name;
    int section;
} topics[] = {{"tutorial", 7}, {"events", 7}, {"json", 5}, {"limits", 7}};
static const size_t topic_count = sizeof topics / sizeof *topics;

/* How the name of a manual page's file may end, because distributions compress the files. */
static const char *const suffixes[] = {"", ".gz", ".zst", ".xz", ".bz2"};

static void print_option(const struct poptOption *option)
{
    if (option->argInfo & POPT_ARGFLAG_DOC_HIDDEN)
        return;
    if (option->shortName)
        printf("  -%c, ", option->shortName);
    else
        printf("      ");
    printf("--%-12s %s\n", option->longName, option->descrip);
}

void ffitap_help_print_overview(void)
{
    printf("Usage: ffitap COMMAND [OPTION...] [ARGUMENT...]\n"
           "Shows what happens between a program and the native libraries it calls.\n\n"
           "Commands:\n");
    for (size_t i = 0; i < command_count; i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].summary);
    printf("\nOptions, of every command as well:\n");
    for (const struct poptOption *option = ffitap_help_options;
         option->longName || option->shortName; option++)
        print_option(option);
    printf("\n'ffitap COMMAND --help' shows the options of a command,\n"
           "'ffitap help COMMAND' its manual page.\n"
           "Other pages for 'ffitap help':");
    for (size_t i = 0; i < topic_count; i++)
        printf(" %s", topics[i].name);
    printf("\n");
}

/* The page that belongs to this very program; the caller frees it. NULL if there is none. */
static char *find_page(const char *name, int section)
{
    char *page = NULL;

    for (size_t i = 0; !page && i < sizeof suffixes / sizeof *suffixes; i++) {
        char *relative = NULL;
        if (asprintf(&relative, FFITAP_BINDIR_TO_MANDIR "/man%d/ffitap-%s.%d%s", section, name,
                     section, suffixes[i]) < 0)
            return NULL;
        page = ffitap_install_path_look(relative);
        free(relative);
    }
    return page;
}

/* Returns only if there is no page to show, or nothing to show it with. */
static void become_manual(const char *name, int section)
{
    char *page = find_page(name, section);

    if (page)
        execlp("man", "man", "-l", page, (char *)NULL);
    free(page);
}

/* At a terminal the manual page is shown. A file or a pipe gets the command's own help: it is there
 * on machines without man as well, and ffitap can tell whether all of it was written. */
static int show_command(const struct ffitap_command *command)
{
    if (isatty(STDOUT_FILENO))
        become_manual(command->name, 1);
    return command->run(2, (const char *[]){command->title, "--help", NULL});
}

/* A topic has nothing but its page, which man(1) writes to files and pipes as well. */
static int show_topic(const struct topic *topic)
{
    become_manual(topic->name, topic->section);
    ffitap_say("help %s: there is no manual page, or no man(1) to show it", topic->name);
    return FFITAP_EXIT_FAILED;
}

static const struct topic *find_topic(const char *name)
{
    for (size_t i = 0; i < topic_count; i++) {
        if (strcmp(name, topics[i].name) == 0)
            return &topics[i];
    }
    return NULL;
}

static int help(const char **words, void *request)
{
    const char *name = words[0];

    (void)request;
    if (!name) {
        ffitap_help_print_overview();
        return ffitap_end_output();
    }
    const struct topic *topic = find_topic(name);
    if (topic)
        return show_topic(topic);
    const struct ffitap_command *command = ffitap_command_find(name);
    return command ? show_command(command) : FFITAP_EXIT_FAILED;
}

int ffitap_command_help(int argc, const char **argv)
{
    const struct poptOption options[] = {POPT_TABLEEND};
    const struct ffitap_usage usage = {.options = options, .words = "[COMMAND|TOPIC]", .limit = 1};

    return ffitap_command_parse(argc, argv, &usage, help, NULL);
}
