/* Whether random structures and unions are laid out and passed as the compiler does it. */
#include <stdlib.h>
#include <string.h>

#include "invoke.h"
#include "random_types.h"
#include "types.h"

/* Bytes that no misplaced copy has by chance, the same ones each time. */
static void fill(void *value, size_t size)
{
    srand(1);
    for (size_t i = 0; i < size; i++)
        ((unsigned char *)value)[i] = (unsigned char)rand();
}

static void expect_layout(const char *name, struct ffitap_type *type, size_t size, size_t alignment)
{
    cr_expect(eq(sz, ffitap_type_get_size(type), size), "%s", name);
    cr_expect(eq(sz, ffitap_type_get_alignment(type), alignment), "%s", name);
    ffitap_type_destroy(type);
}

static void expect_passed(ffi_abi abi, const char *name, struct ffitap_type *type, void *value,
                          unsigned expected)
{
    const struct ffitap_type *types[] = {T(DOUBLE), type, T(INT)};
    double before = 0.5;
    int after = 7;
    void *arguments[] = {&before, value, &after};
    ffi_arg sum = 0;

    invoke(abi, find_native(AGGREGATES_LIBRARY, name), T(UINT), &sum, types, arguments, 3);
    cr_expect(eq(uint, (unsigned)sum, expected), "%s", name);
    ffitap_type_destroy(type);
}

static void give(ffi_abi abi, const char *name, struct ffitap_type *type, void *value, void *result)
{
    const struct ffitap_type *types[] = {T(POINTER)};
    void *arguments[] = {&value};

    invoke(abi, find_native(AGGREGATES_LIBRARY, name), type, result, types, arguments, 1);
    ffitap_type_destroy(type);
}

static void expect_returned(const char *name, unsigned sum, unsigned expected)
{
    cr_expect(eq(uint, sum, expected), "%s", name);
}

#define X(name)                                                                                    \
    static struct ffitap_type *describe_##name(void)                                               \
    {                                                                                              \
        return DESCRIBE_##name;                                                                    \
    }
RANDOM_AGGREGATES(X)
#undef X

#define IS_PASSED(abi, prefix, name)                                                               \
    {                                                                                              \
        name value;                                                                                \
                                                                                                   \
        fill(&value, sizeof(value));                                                               \
        expect_passed(abi, prefix #name, describe_##name(), &value, sum_##name(&value));           \
    }

#define IS_RETURNED(abi, prefix, name)                                                             \
    {                                                                                              \
        name value, result;                                                                        \
                                                                                                   \
        fill(&value, sizeof(value));                                                               \
        memset(&result, 0, sizeof(result));                                                        \
        give(abi, prefix #name, describe_##name(), &value, &result);                               \
        expect_returned(prefix #name, sum_##name(&result), sum_##name(&value));                    \
    }

#define EXPECT_LAYOUT(name)             expect_layout(#name, describe_##name(), sizeof(name), _Alignof(name));
#define PASS(name)                      IS_PASSED(FFI_DEFAULT_ABI, "take_", name)
#define TAKE_BACK(name)                 IS_RETURNED(FFI_DEFAULT_ABI, "give_", name)
#define PASS_TO_MICROSOFTS(name)        IS_PASSED(FFI_GNUW64, "ms_take_", name)
#define TAKE_BACK_FROM_MICROSOFTS(name) IS_RETURNED(FFI_GNUW64, "ms_give_", name)

Test(core_random_aggregate, each_is_as_large_as_in_the_compiler){RANDOM_AGGREGATES(EXPECT_LAYOUT)}

Test(core_random_aggregate, each_is_passed){RANDOM_AGGREGATES(PASS)}

Test(core_random_aggregate, each_is_returned){RANDOM_AGGREGATES(TAKE_BACK)}

Test(core_random_aggregate,
     each_is_passed_by_microsofts_convention){RANDOM_AGGREGATES(PASS_TO_MICROSOFTS)}

Test(core_random_aggregate, each_is_returned_by_microsofts_convention)
{
    RANDOM_AGGREGATES(TAKE_BACK_FROM_MICROSOFTS)
}
