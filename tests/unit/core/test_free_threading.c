/* A free-threaded CPython that comes to a process in which the core is already. */
#include <dlfcn.h>
#include <stdint.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "core/interpreter.h"
#include "tap/object.h"

Test(core_free_threading, is_known_though_nobody_told_of_its_load)
{
    ffitap__object_update(0);
    cr_assert(ne(ptr, dlopen(STUB, RTLD_NOW | RTLD_GLOBAL), NULL));
    ffitap__interpreter_find();
    cr_expect(eq(int, ffitap__interpreter_lock_kind(), FFITAP__LOCK_OPTIONAL));
}
