#include "shim/interfaces/ffi/runtimes.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static const char *name_of(const char *path)
{
    return ffitap__runtimes_find(path).name;
}

Test(runtimes, are_known_by_how_the_file_name_begins)
{
    cr_expect(
        eq(str, (char *)name_of("/usr/lib/_ctypes.cpython-311-x86_64-linux-gnu.so"), "ctypes"));
    cr_expect(eq(str, (char *)name_of("_ctypes.so"), "ctypes"));
    cr_expect(eq(str, (char *)name_of("/x/_cffi_backend.so"), "cffi"));
}

Test(runtimes, may_be_the_program_itself)
{
    cr_expect(eq(str, (char *)name_of("/usr/bin/php8.2"), "php"));
    cr_expect(eq(str, (char *)name_of("/usr/lib/apache2/modules/libphp8.2.so"), "php"));
}

Test(runtimes, others_go_by_the_name_of_their_file)
{
    cr_expect(eq(str, (char *)name_of("/opt/_ctypes.d/libhost.so.1"), "libhost.so.1"));
    cr_expect(eq(str, (char *)name_of("/opt/my_ctypes.so"), "my_ctypes.so"));
    cr_expect(eq(str, (char *)name_of("host"), "host"));
    cr_expect(eq(str, (char *)name_of(""), ""));
}

Test(runtimes, only_those_of_which_it_is_known_exchange_errno)
{
    cr_expect(ffitap__runtimes_find("_ctypes.so").exchanges_errno);
    cr_expect(not(ffitap__runtimes_find("host").exchanges_errno));
}
