/*
 * Runs Criterion's tests under a sanitizer. Under ThreadSanitizer there is no room in memory for
 * the box that Criterion puts each test in (BoxFort maps its arena from 0x200000000000). And a leak
 * would be overlooked, because AddressSanitizer finds it only after the box has reported. So here
 * each test is a forked child. The first assertion that fails ends the child, whose exit status
 * tells of the failure.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIME_LIMIT_S 1000 /* only against hangs: the machine may be slow, and it may be busy */

#define IN_SECTION   __attribute__((visibility("hidden")))
extern struct criterion_test *__start_cr_tst[] IN_SECTION, *__stop_cr_tst[] IN_SECTION;
extern struct criterion_suite *__start_cr_sts[] IN_SECTION __attribute__((weak));
extern struct criterion_suite *__stop_cr_sts[] IN_SECTION __attribute__((weak));

/* Takes the place of libcriterion's function, which sends the failure out of the box. */
void cri_assert_node_send(const char *file, size_t line, struct cri_assert_node *node)
{
    fprintf(stderr, "%s:%zu: assertion failed: %s\n", file, line,
            node->nchild    ? node->children[0].repr
            : node->message ? node->message
                            : "");
    _exit(1);
}

/* A child that forks sees its parent's threads as leaked. */
__attribute__((visibility("default"))) const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "report_thread_leaks=0";
}

static const struct criterion_test *current;

/* The suite that the current test is in; NULL if its category has no TestSuite(). */
static const struct criterion_suite *current_suite(void)
{
    for (struct criterion_suite **suite = __start_cr_sts; suite < __stop_cr_sts; suite++)
        if (*suite && strcmp((*suite)->name, current->category) == 0)
            return *suite;
    return NULL;
}

/* A test's trampoline calls these. They take the place of libcriterion's functions, which report to
 * the box. */
void criterion_internal_test_setup(void)
{
    const struct criterion_suite *suite = current_suite();

    if (suite && suite->data->init)
        suite->data->init();
    if (current->data->init)
        current->data->init();
}

void criterion_internal_test_main(void (*test)(void))
{
    test();
}

void criterion_internal_test_teardown(void)
{
    const struct criterion_suite *suite = current_suite();

    if (current->data->fini)
        current->data->fini();
    if (suite && suite->data->fini)
        suite->data->fini();
}

static bool passes(const struct criterion_test *test)
{
    int status = -1;
    const pid_t child = fork();

    if (!child) {
        alarm(TIME_LIMIT_S);
        current = test;
        test->test();
        exit(0); /* the sanitizer's own exit status comes from here */
    }
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status))
        fprintf(stderr, "%s::%s: %s\n", test->category, test->name, strsignal(WTERMSIG(status)));
    return status == 0;
}

int main(void)
{
    int failed = 0;

    for (struct criterion_test **test = __start_cr_tst; test < __stop_cr_tst; test++)
        if (*test && !passes(*test)) {
            fprintf(stderr, "FAILED: %s::%s\n", (*test)->category, (*test)->name);
            failed = 1;
        }
    return failed;
}
