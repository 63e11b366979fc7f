/*
 * A program that keeps statistics of its own foreign calls: of five in one file, and of two in
 * another, which it keeps until its standard input ends.
 *
 *     self_counting FOLDER
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <ffitap/ffitap.h>

static void check(enum ffitap_status status, const struct ffitap_error *error)
{
    if (status == FFITAP_OK)
        return;
    fprintf(stderr, "self_counting: %s: %s\n", ffitap_status_text(status), error->text);
    exit(1);
}

static void call(struct ffitap_function *function, int times)
{
    struct ffitap_error error = {0};
    int argument = -3, result;

    for (int i = 0; i < times; i++)
        check(ffitap_function_call(function, &result, (void *[]){&argument}, 1, &error), &error);
}

int main(int argc, char **argv)
{
    struct ffitap_error error = {0};
    struct ffitap_library *libc = NULL;
    struct ffitap_function *absolute = NULL;
    char line[80];

    check(ffitap_library_create("libc.so.6", FFITAP_CDLL, 0, 0, &libc, &error), &error);
    check(ffitap_function_borrow(libc, "abs", &absolute, &error), &error);
    check(ffitap_function_declare(absolute, "int abs(int)", NULL, &error), &error);
    call(absolute, 100);
    check(ffitap_statistics_start(argc == 2 ? argv[1] : NULL, &error), &error);
    call(absolute, 5);
    check(ffitap_statistics_stop(&error), &error);
    call(absolute, 100);
    check(ffitap_statistics_start(argv[1], &error), &error);
    call(absolute, 2);
    printf("counting\n");
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin))
        ;
    _exit(0);
}
