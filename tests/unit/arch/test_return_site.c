#include "arch/arch.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
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

/* The first executable segment of libm. */
struct text {
    const char *start;
    size_t size;
};

static int read_libm(struct dl_phdr_info *info, size_t size, void *data)
{
    struct text *text = data;

    (void)size;
    if (!strstr(info->dlpi_name, "/libm.so"))
        return 0;
    for (int i = 0; !text->size && i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD && info->dlpi_phdr[i].p_flags & PF_X)
            *text = (struct text){(const char *)info->dlpi_addr + info->dlpi_phdr[i].p_vaddr,
                                  info->dlpi_phdr[i].p_memsz};
    return 1;
}

static uintptr_t site_in_libm(struct text *text)
{
    *text = (struct text){.size = 0};
    cr_assert(dlopen("libm.so.6", RTLD_NOW) != NULL);
    cr_assert(dl_iterate_phdr(read_libm, text));
    return ffitap__return_site_find(text->start, text->size);
}

Test(return_site, finds_a_return_instruction_in_the_objects_code)
{
    struct text text;
    const uintptr_t site = site_in_libm(&text);

    cr_assert(site >= (uintptr_t)text.start && site < (uintptr_t)text.start + text.size);
    cr_assert(eq(int, *(const unsigned char *)site, 0xC3));
}

Test(return_site, passes_arguments_and_result_in_the_name_of_the_object)
{
    struct text text;
    const uintptr_t site = site_in_libm(&text);
    void *result = ffitap__impersonate(site, (void *)callee, (void *)1, 2, 3);

    cr_assert(eq(ptr, result, (void *)(uintptr_t)99));
    cr_assert(seen[0] == 1 && seen[1] == 2 && seen[2] == 3);
    cr_assert(eq(ptr, (void *)seen_caller, (void *)site));
}

Test(return_site, keeps_the_stack_aligned_as_a_call_does)
{
    struct text text;
    const uintptr_t site = site_in_libm(&text);

    ffitap__impersonate(site, (void *)callee, NULL, 0, 0);
    cr_assert(eq(sz, seen_frame % 16, 0));
}

/* Ends like a function that keeps nothing on the stack. */
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
    ffitap__impersonate((uintptr_t)leaf_return, (void *)look_back, NULL, 0, 0);
}

Test(return_site, an_unwinder_finds_its_way_through)
{
    bool found = false;

    look_back_from_leaf();
    for (int i = 0; i < frame_count; i++)
        found |= frames[i] == way_back;
    cr_assert(found);
}

Test(return_site, says_that_no_code_has_none)
{
    cr_assert(eq(sz, ffitap__return_site_find(NULL, 0), 0));
}

Test(return_site, prefers_the_end_of_a_function_that_keeps_nothing_on_the_stack)
{
    static const unsigned char code[] = {0xC3, 0x90, 0x31, 0xC0, 0xC3};

    cr_assert(eq(sz, ffitap__return_site_find(code, sizeof(code)), (uintptr_t)&code[4]));
    cr_assert(eq(sz, ffitap__return_site_find(code, 3), (uintptr_t)&code[0]));
}
