/* What CPython says of its lock. It is believed only if all of it fits together. */
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tap/known/free_threading.h"
#include "tap/known/scan.h"

#define SIZE 4096

/* The beginning of _PyRuntime, as it is in CPython 3.13, and in later versions with one member
 * more. */
static uint64_t words[SIZE / sizeof(uint64_t)];
static struct ffitap__free_threading build;

/* The state of a thread, its interpreter and the lock of that interpreter, at the offsets that the
 * words say. */
static struct {
    char state[64];
    char interpreter[256];
    char lock[64];
} python;
static void *current;

static void *current_state(void)
{
    return current;
}

static void put(char *place, const void *pointer)
{
    memcpy(place, &pointer, sizeof(pointer));
}

static void describe(uint64_t version, unsigned more)
{
    memset(words, 0, sizeof words);
    memcpy(words, "xdebugpy", 8);
    words[1] = version;
    words[2] = 1;
    words[3] = SIZE;
    words[6] = sizeof python.interpreter;
    words[14 + more] = 40; /* of the lock in the interpreter */
    words[16 + more] = 12; /* of `enabled` in the lock */
    words[19 + 3 * more] = sizeof python.state;
    words[22 + 3 * more] = 24; /* of the interpreter in the state */
    put(python.state + 24, python.interpreter);
    put(python.interpreter + 40, python.lock);
    current = python.state;
    build = (struct ffitap__free_threading){.current_state = current_state};
}

static bool read_words(uint64_t size)
{
    return ffitap__free_threading_read(
        &build, &(struct ffitap__free_threading_words){.words = words, .size = size});
}

static enum ffitap__lock_state state_with(int enabled)
{
    memcpy(python.lock + 12, &enabled, sizeof enabled);
    return ffitap__free_threading_state(&build);
}

static void expect_to_know(uint64_t version, unsigned more)
{
    describe(version, more);
    cr_assert(read_words(SIZE));
    cr_expect(build.is_known);
    cr_expect(eq(int, state_with(0), FFITAP__LOCK_IS_OFF));
    cr_expect(eq(int, state_with(1), FFITAP__LOCK_IS_ON), "for the time of an import");
    cr_expect(eq(int, state_with(INT_MAX), FFITAP__LOCK_IS_ON));
}

Test(tap_free_threading, reads_each_version_as_that_is_laid_out)
{
    expect_to_know(0x030d05f0, 0);
    expect_to_know(0x030e08f0, 1);
    expect_to_know(0x030f00f0, 1);
}

Test(tap_free_threading, knows_that_a_later_version_is_one_and_no_more)
{
    describe(0x031000f0, 1);
    cr_expect(read_words(SIZE));
    cr_expect(not(build.is_known));
    cr_expect(eq(int, state_with(1), FFITAP__LOCK_IS_UNKNOWN));
}

Test(tap_free_threading, takes_no_other_build_for_one)
{
    describe(0x030d05f0, 0);
    words[2] = 0;
    cr_expect(not(read_words(SIZE)), "it always has its lock");
    describe(0x030d05f0, 0);
    memcpy(words, "xdebugpz", 8);
    cr_expect(not(read_words(SIZE)));
    describe(0x030d05f0, 0);
    cr_expect(not(read_words(25 * 8)), "CPython 3.12 and before");
}

static void expect_no_belief(unsigned word, uint64_t value)
{
    describe(0x030d05f0, 0);
    words[word] = value;
    cr_expect(read_words(SIZE));
    cr_expect(not(build.is_known), "word %u", word);
}

Test(tap_free_threading, believes_nothing_that_does_not_fit)
{
    expect_no_belief(3, SIZE + 8);
    expect_no_belief(6, 44);
    expect_no_belief(6, UINT64_MAX);
    expect_no_belief(14, 256);
    expect_no_belief(14, UINT64_MAX - 3);
    expect_no_belief(16, 253);
    expect_no_belief(19, 24);
    expect_no_belief(22, 57);
}

Test(tap_free_threading, does_not_ask_where_it_does_not_know_how)
{
    describe(0x030d05f0, 0);
    build.current_state = NULL;
    cr_expect(read_words(SIZE));
    cr_expect(not(build.is_known));
}

Test(tap_free_threading, says_nothing_of_a_thread_that_is_not_attached)
{
    describe(0x030d05f0, 0);
    cr_assert(read_words(SIZE));
    current = NULL;
    cr_expect(eq(int, state_with(1), FFITAP__LOCK_IS_UNKNOWN));
    current = python.state;
    put(python.interpreter + 40, NULL);
    cr_expect(eq(int, state_with(1), FFITAP__LOCK_IS_UNKNOWN));
}

Test(tap_free_threading, finds_none_where_there_is_no_cpython)
{
    cr_expect(eq(ptr, (void *)ffitap__free_threading_find((const void *)abort), NULL));
    cr_expect(eq(ptr, (void *)ffitap__free_threading_find(NULL), NULL));
}

/* What stands in for CPython: tests/apps/free_threading/stub.c. */
static void *stub;

static const struct ffitap__free_threading *find_in(const char *path)
{
    stub = dlopen(path, RTLD_NOW);
    cr_assert(ne(ptr, stub, NULL), "%s", dlerror());
    const void *release = dlsym(stub, "PyEval_SaveThread");
    ffitap__object_update((uintptr_t)release);
    return ffitap__free_threading_find(release);
}

static void close_stub(void)
{
    dlclose(stub);
    ffitap__object_update(0);
}

Test(tap_free_threading, asks_a_cpython_that_is_there)
{
    const struct ffitap__free_threading *found = find_in(STUB);
    void (*turn_lock)(int) = (void (*)(int))dlsym(stub, "stub_turn_lock");

    cr_assert(found && found->is_known);
    cr_expect(eq(int, ffitap__free_threading_state(found), FFITAP__LOCK_IS_OFF));
    turn_lock(1);
    cr_expect(eq(int, ffitap__free_threading_state(found), FFITAP__LOCK_IS_ON));
    cr_expect(eq(ptr, (void *)find_in(STUB), (void *)found));
}

Test(tap_free_threading, is_looked_for_anew_where_another_object_was)
{
    ffitap__object_update(0);
    const struct ffitap__free_threading *found = find_in(STUB);
    cr_assert(found && found->is_known);
    close_stub();
    cr_expect(eq(ptr, (void *)find_in(STUB_WITH_LOCK), NULL));
    close_stub();
    cr_expect(find_in(STUB) && find_in(STUB)->is_known);
}

Test(tap_free_threading, is_nothing_else_by_the_names)
{
    cr_expect(eq(ptr, (void *)find_in(STUB_RUNTIME_TYPE), NULL));
    cr_expect(eq(ptr, (void *)find_in(STUB_RUNTIME_SIZE), NULL), "it would end outside");
}

Test(tap_free_threading, does_not_call_what_is_no_function)
{
    const struct ffitap__free_threading *found = find_in(STUB_STATE);

    cr_assert(ne(ptr, (void *)found, NULL));
    cr_expect(eq(int, ffitap__free_threading_state(found), FFITAP__LOCK_IS_UNKNOWN));
}
