#include "arch/x86_64/return_site.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static const void *seen_caller;
static uintptr_t seen[3];
static uintptr_t seen_frame;

static void *callee(void *first, uintptr_t second, uintptr_t third)
{
    seen_caller = __builtin_return_address(0);
    seen_frame = (uintptr_t)__builtin_frame_address(0);
    seen[0] = (uintptr_t)first;
    seen[1] = second;
    seen[2] = third;
    return (void *)(uintptr_t)99;
}

static int read_libm(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    return strstr(info->dlpi_name, "/libm.so") && ffitap__elf_read(data, info);
}

static uintptr_t site_in_libm(struct ffitap__elf *elf)
{
    cr_assert(dlopen("libm.so.6", RTLD_NOW) != NULL);
    cr_assert(dl_iterate_phdr(read_libm, elf));
    return ffitap__caller_return_site(elf);
}

Test(caller, finds_a_return_instruction_in_the_objects_code)
{
    struct ffitap__elf elf;
    const uintptr_t site = site_in_libm(&elf);

    cr_assert(site >= elf.text_start && site < elf.text_end);
    cr_assert(eq(int, *(const unsigned char *)site, 0xC3));
}

Test(caller, passes_arguments_and_result_in_the_name_of_the_object)
{
    struct ffitap__elf elf;
    const uintptr_t site = site_in_libm(&elf);
    void *result = ffitap__caller_impersonate(site, (void *)callee, (void *)1, 2, 3);

    cr_assert(eq(ptr, result, (void *)(uintptr_t)99));
    cr_assert(seen[0] == 1 && seen[1] == 2 && seen[2] == 3);
    cr_assert(eq(ptr, (void *)seen_caller, (void *)site));
}

Test(caller, keeps_the_stack_aligned_as_a_call_does)
{
    struct ffitap__elf elf;
    const uintptr_t site = site_in_libm(&elf);

    ffitap__caller_impersonate(site, (void *)callee, NULL, 0, 0);
    cr_assert(eq(sz, seen_frame % 16, 0));
}

/* As the end of a function that keeps nothing on the stack. */
__asm__(".text\n"
        "leaf: .cfi_startproc\n"
        "xor %eax, %eax\n"
        "leaf_return: ret\n"
        ".cfi_endproc");
extern const char leaf_return[];

static void *frames[64];
static int frame_count;
static const void *way_back;

static void *look_back(void)
{
    frame_count = backtrace(frames, sizeof(frames) / sizeof(frames[0]));
    return NULL;
}

static __attribute__((noinline)) void look_back_from_leaf(void)
{
    way_back = __builtin_return_address(0);
    ffitap__caller_impersonate((uintptr_t)leaf_return, (void *)look_back, NULL, 0, 0);
}

Test(caller, an_unwinder_finds_its_way_through)
{
    bool found = false;

    look_back_from_leaf();
    for (int i = 0; i < frame_count; i++)
        found |= frames[i] == way_back;
    cr_assert(found);
}

Test(caller, says_that_an_object_without_readable_code_has_no_site)
{
    const struct ffitap__elf elf = {0};

    cr_assert(eq(sz, ffitap__caller_return_site(&elf), 0));
}
