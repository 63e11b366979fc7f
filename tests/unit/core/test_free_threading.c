/* A free-threaded CPython that comes to a process in which the core is already. */
#include <dlfcn.h>
#include <stdint.h>

#include "lttng_double.h"
#include "open.h"

#include "core/interpreter.h"
#include "tap/known/scan.h"

/* What stands in for CPython: tests/apps/free_threading/stub.c. The tap is not told of its load. */
static void *load_stub(void)
{
    ffitap__object_update(0);
    void *stub = dlopen(STUB, RTLD_NOW | RTLD_GLOBAL);

    cr_assert(ne(ptr, stub, NULL), "%s", dlerror());
    return stub;
}

Test(core_free_threading, is_known_though_nobody_told_of_its_load)
{
    load_stub();
    ffitap__interpreter_find();
    cr_expect(eq(int, ffitap__interpreter_lock_kind(), FFITAP__LOCK_OPTIONAL));
}

static enum ffitap__lock_kind kind_of(uint16_t runtime_id)
{
    unsigned i = 0;

    while (lttng_double_runtime(i)->runtime_id != runtime_id)
        i++;
    return lttng_double_runtime(i)->lock_kind;
}

static void expect_call(struct ffitap_function *function, enum ffitap__lock_kind kind,
                        uint16_t flags)
{
    int result;

    cr_assert(eq(int, ffitap_function_call(function, &result, NULL, 0, NULL), FFITAP_OK));
    cr_expect(eq(int, kind_of(lttng_double_call(0)->runtime_id), kind));
    cr_expect(eq(uint, lttng_double_call(0)->flags, flags));
}

Test(core_free_threading, tells_each_call_by_whether_the_lock_is_there)
{
    void *stub = load_stub();
    void (*turn_lock)(int) = (void (*)(int))dlsym(stub, "stub_turn_lock");
    void *(*release)(void) = (void *(*)(void))dlsym(stub, "PyEval_SaveThread");
    struct ffitap_library *cdll = open_library("libc.so.6", FFITAP_CDLL, 0);
    struct ffitap_library *pydll = open_library("libc.so.6", FFITAP_PYDLL, 0);
    struct ffitap_function *gives = borrow(cdll, "getppid");
    struct ffitap_function *keeps = borrow(pydll, "getppid");

    expect_call(gives, FFITAP__LOCK_OFF, FFITAP__CALL_GIL_RELEASED);
    expect_call(keeps, FFITAP__LOCK_OFF, 0);
    turn_lock(1);
    expect_call(gives, FFITAP__LOCK_ON, FFITAP__CALL_GIL_RELEASED);
    expect_call(keeps, FFITAP__LOCK_ON, FFITAP__CALL_GIL_HELD);
    release();
    expect_call(gives, FFITAP__LOCK_OPTIONAL, 0);
    ffitap_library_destroy(pydll);
    ffitap_library_destroy(cdll);
}
