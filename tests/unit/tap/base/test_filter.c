#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "lttng_double.h"
#include "tap/calls/call.h"
#include "tap/base/filter.h"
#include "tap/known/function.h"
#include "tap/known/scan.h"

#define LIBC "/lib/x86_64-linux-gnu/libc.so.6"
#define LIBZ "/usr/lib/libz.so.1.2.13"

static struct ffitap__filter_flaw flaw;

static void leave_nothing_out(void)
{
    lttng_double_reset();
    ffitap__filter_set(NULL, &flaw);
}

TestSuite(tap_filter, .init = leave_nothing_out);

static void set(const char *text)
{
    cr_assert(ffitap__filter_set(text, &flaw), "%s: %s", text, flaw.why);
}

static bool is_measured(const char *library, const char *symbol)
{
    return !ffitap__filter_excludes(library, symbol);
}

/* What is wrong with `text`, in words. `pattern` gets the part of it that is wrong. */
static char *flaw_of(const char *text, char pattern[static 32])
{
    cr_assert(not(ffitap__filter_set(text, &flaw)), "%s", text);
    snprintf(pattern, 32, "%.*s", (int)flaw.length, flaw.pattern);
    return (char *)flaw.why;
}

Test(tap_filter, none_leaves_nothing_out)
{
    cr_expect(is_measured(LIBC, "abs"));
    set("");
    cr_expect(is_measured(LIBC, "abs"));
    cr_expect(is_measured("", ""));
}

Test(tap_filter, what_a_symbol_includes_is_measured_in_every_library)
{
    set("*abs");
    cr_expect(is_measured(LIBC, "labs"));
    cr_expect(is_measured(LIBZ, "abs"));
    cr_expect(not(is_measured(LIBC, "abort")));
}

Test(tap_filter, what_a_library_includes_is_measured_whatever_its_name)
{
    set("@libc.so*");
    cr_expect(is_measured(LIBC, "abs"));
    cr_expect(is_measured(LIBC, ""), "one without a name, too");
    cr_expect(not(is_measured(LIBZ, "crc32")));
}

Test(tap_filter, a_symbol_and_a_library_have_to_match_both)
{
    set("a*@libc.*");
    cr_expect(is_measured(LIBC, "abs"));
    cr_expect(not(is_measured(LIBC, "labs")));
    cr_expect(not(is_measured(LIBZ, "adler32")));
}

Test(tap_filter, what_is_excluded_alone_leaves_the_rest)
{
    set("!abs,!@libz*");
    cr_expect(is_measured(LIBC, "labs"));
    cr_expect(not(is_measured(LIBC, "abs")));
    cr_expect(not(is_measured(LIBZ, "crc32")));
}

Test(tap_filter, what_is_excluded_is_so_in_any_order)
{
    for (int i = 0; i < 2; i++) {
        set(i ? "a*,!abs" : "!abs,a*");
        cr_expect(is_measured(LIBC, "abort"));
        cr_expect(not(is_measured(LIBC, "abs")));
        cr_expect(not(is_measured(LIBC, "labs")), "an including pattern leaves the rest out");
    }
}

Test(tap_filter, several_include_what_one_of_them_does)
{
    set("abs, labs ,@libz*");
    cr_expect(is_measured(LIBC, "abs"));
    cr_expect(is_measured(LIBC, "labs"), "blanks do not count");
    cr_expect(is_measured(LIBZ, "crc32"));
    cr_expect(not(is_measured(LIBC, "abort")));
}

Test(tap_filter, a_library_is_its_files_name_unless_a_slash_asks_for_the_path)
{
    set("@libz*");
    cr_expect(is_measured(LIBZ, "crc32"));
    cr_expect(is_measured("libz.so", "crc32"), "a path without a slash");
    set("@lib");
    cr_expect(not(is_measured(LIBZ, "crc32")));
    set("@/usr/lib/*");
    cr_expect(is_measured(LIBZ, "crc32"));
    cr_expect(not(is_measured(LIBC, "abs")));
    set("@libz/*");
    cr_expect(not(is_measured(LIBZ, "crc32")));
}

Test(tap_filter, a_backslash_keeps_an_at_sign_in_the_symbol)
{
    set("a\\@b@libc*");
    cr_expect(is_measured(LIBC, "a@b"));
    cr_expect(not(is_measured(LIBC, "a")));
    set("a@/opt/x@1/*");
    cr_expect(is_measured("/opt/x@1/liba.so", "a"), "only the first one divides");
}

Test(tap_filter, what_is_none_is_explained_and_leaves_nothing_out)
{
    static const struct {
        const char *text;
        const char *pattern;
        const char *why;
    } wrong[] = {
        {" ", "", "an empty pattern"},
        {"a,", "", "an empty pattern"},
        {"a,,b", "", "an empty pattern"},
        {"a, ! ,b", "!", "nothing behind the !"},
        {"@", "@", "no library behind the @"},
        {"a@", "a@", "no library behind the @"},
        {"x,[a,b]", "[a", "a [ without its ]"},
        {"a@lib[", "a@lib[", "a [ without its ]"},
        {"x\\", "x\\", "nothing behind the \\"},
        {"/lib/libc.so.6", "/lib/libc.so.6", "no symbol holds a /; a library stands behind an @"},
    };
    char pattern[32];

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        cr_expect(eq(str, flaw_of(wrong[i].text, pattern), (char *)wrong[i].why));
        cr_expect(eq(str, pattern, (char *)wrong[i].pattern), "%s", wrong[i].text);
        cr_expect(is_measured(LIBC, "x"), "%s", wrong[i].text);
    }
}

/* Makes a list of `count` times "a". */
static void make_list(char *text, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        text = stpcpy(text, i ? ",a" : "a");
}

Test(tap_filter, as_many_patterns_as_there_is_room_for_are_accepted)
{
    char text[2 * FFITAP__FILTER_PATTERN_MAX + 2], pattern[32];

    make_list(text, FFITAP__FILTER_PATTERN_MAX);
    set(text);
    cr_expect(not(is_measured(LIBC, "abs")));
    make_list(text, FFITAP__FILTER_PATTERN_MAX + 1);
    cr_expect(eq(str, flaw_of(text, pattern), "one pattern too many"));
    cr_expect(eq(str, pattern, "a"));
}

Test(tap_filter, as_long_a_text_as_there_is_room_for_is_accepted)
{
    char text[FFITAP__FILTER_SIZE + 1] = "";

    memset(text, 'a', sizeof(text) - 2);
    set(text);
    cr_expect(is_measured("", text));
    text[sizeof(text) - 2] = 'a';
    cr_expect(not(ffitap__filter_set(text, &flaw)));
    cr_expect(eq(str, (char *)flaw.why, "too long"));
    cr_expect(eq(ptr, (void *)flaw.pattern, NULL));
}

static void *load(const char *path)
{
    void *handle = dlopen(path, RTLD_NOW);

    cr_assert(ne(ptr, handle, NULL), "%s", dlerror());
    ffitap__object_update((uintptr_t)((const struct link_map *)handle)->l_ld);
    return handle;
}

Test(tap_filter, a_function_is_asked_about_when_it_gets_its_name)
{
    void *handle = load(LIBRARY_ONE);
    set("!one_first");
    const struct ffitap__function *first =
        ffitap__function_announce(dlsym(handle, "one_first"), "one_first");
    const struct ffitap__function *second = ffitap__function_at(dlsym(handle, "one_second"));

    cr_expect(ffitap__function_is_excluded(first));
    cr_expect(not(ffitap__function_is_excluded(second)));
}

Test(tap_filter, a_function_is_asked_about_again_when_a_lookup_renames_it)
{
    const void *address = dlsym(load(LIBRARY_ONE), "one_first");
    set("!alias");
    const struct ffitap__function *function = ffitap__function_at(address);

    cr_expect(not(ffitap__function_is_excluded(function)));
    ffitap__function_announce(address, "alias");
    cr_expect(ffitap__function_is_excluded(function));
}

Test(tap_filter, a_function_is_still_left_out_when_its_library_comes_back)
{
    set("!one_first");
    for (int i = 0; i < 2; i++) {
        void *handle = load(LIBRARY_ONE);
        const struct ffitap__function *function =
            ffitap__function_announce(dlsym(handle, "one_first"), "one_first");

        cr_expect(eq(uint, function->id, 1));
        cr_expect(ffitap__function_is_excluded(function));
        cr_assert(eq(int, dlclose(handle), 0));
        ffitap__object_update(0);
    }
}

#define RUNTIME 3
#define STACK   ((uintptr_t)0x700000)

static void left_out(void)
{
}

static void measured(void)
{
}

static struct ffitap__thread *ready_thread(void)
{
    struct ffitap__thread *self = ffitap__thread_get();

    set("!left_out");
    ffitap__function_announce((const void *)left_out, "left_out");
    ffitap__function_announce((const void *)measured, "measured");
    lttng_double_reset();
    return self;
}

static struct ffitap__frame *enter(struct ffitap__thread *self, void (*function)(void))
{
    return ffitap__call_enter(self, RUNTIME, (const void *)function, true, STACK);
}

Test(tap_filter, a_call_that_is_left_out_is_not_told_and_keeps_errno)
{
    struct ffitap__thread *self = ready_thread();

    errno = 42;
    cr_expect(eq(ptr, enter(self, left_out), NULL));
    cr_expect(eq(int, errno, 42));
    cr_expect(eq(uint, self->depth, 0));
    cr_expect(eq(str, (char *)lttng_double_names(), ""));
}

Test(tap_filter, a_call_that_is_left_out_leaves_its_window_and_its_errno_to_no_other)
{
    struct ffitap__thread *self = ready_thread();

    ffitap__call_lock_released(self, RUNTIME);
    ffitap__call_errno_asked(self, STACK, 7);
    cr_assert(eq(ptr, enter(self, left_out), NULL));
    enter(self, measured);
    ffitap__call_leave(self, STACK);

    cr_expect(eq(uint, lttng_double_call(0)->flags, FFITAP__CALL_GIL_HELD));
    cr_expect(eq(uint, lttng_double_call_count(), 1));
}
