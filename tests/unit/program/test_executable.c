/* What in a program's file, or in the interpreter that runs it, keeps the tap out. */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <glib.h>

#include "program/executable.h"

static char folder[] = "/tmp/ffitap-test-XXXXXX";
static char script[PATH_MAX];

static void make_folder(void)
{
    cr_assert(mkdtemp(folder) != NULL);
    snprintf(script, sizeof script, "%s/script", folder);
}

static void remove_folder(void)
{
    unlink(script);
    rmdir(folder);
}

TestSuite(executable, .init = make_folder, .fini = remove_folder);

static char *obstacle_of_script(const char *interpreter)
{
    FILE *file = fopen(script, "we");

    cr_assert(file != NULL);
    fprintf(file, "#! %s -x\n", interpreter);
    fclose(file);
    return ffitap__executable_obstacle(script);
}

Test(executable, that_is_linked_statically_keeps_the_tap_out)
{
    char *obstacle = ffitap__executable_obstacle(STATIC_PROGRAM);

    cr_expect(eq(str, obstacle, "which is statically linked"));
    g_free(obstacle);
    cr_expect(ffitap__executable_obstacle("/bin/true") == NULL);
}

Test(executable, is_a_scripts_interpreter)
{
    char *obstacle = obstacle_of_script(STATIC_PROGRAM);

    cr_expect(eq(str, obstacle,
                 "a script that is run by " STATIC_PROGRAM ", which is statically linked"));
    g_free(obstacle);
}

Test(executable, with_a_relative_name_is_not_looked_for_where_the_report_is_made)
{
    char directory[] = STATIC_PROGRAM, file[] = STATIC_PROGRAM;

    cr_assert(eq(int, chdir(dirname(directory)), 0));
    cr_expect(obstacle_of_script(basename(file)) == NULL);
    cr_expect(obstacle_of_script("no/such/file") == NULL);
}
