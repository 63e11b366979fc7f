/* The same numbers from every runtime. This one is no known runtime: it is a program that calls
 * ffi_call itself, and also a library that does so in another program. See e2e/runtime.py. */
#include <dlfcn.h>
#include <ffi.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void call(void *library, const char *name, ffi_type *type, void *result, unsigned count,
                 ffi_type **types, void **arguments)
{
    ffi_cif cif;
    void *function = dlsym(library, name);

    if (function && ffi_prep_cif(&cif, FFI_DEFAULT_ABI, count, type, types) == FFI_OK)
        ffi_call(&cif, FFI_FN(function), result, arguments);
}

static double sum_cosines(void *libm)
{
    ffi_cif cif;
    void *function = dlsym(libm, "cos");
    double sum = 0;

    ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_double, (ffi_type *[]){&ffi_type_double});
    for (int i = 0; i < 100; i++) {
        double angle = i, cosine;

        ffi_call(&cif, FFI_FN(function), &cosine, (void *[]){&angle});
        sum += cosine;
    }
    return sum;
}

static unsigned long sum_up(void *libz)
{
    ffi_cif cif;
    void *function = dlsym(libz, "crc32");
    ffi_type *types[] = {&ffi_type_ulong, &ffi_type_pointer, &ffi_type_uint};
    unsigned long crc = 0;
    const char *text = "ffitap";
    unsigned size = 6;

    ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 3, &ffi_type_ulong, types);
    for (int i = 0; i < 200; i++)
        ffi_call(&cif, FFI_FN(function), &crc, (void *[]){&crc, &text, &size});
    return crc;
}

static void sleep_a_little(void *libc)
{
    ffi_cif cif;
    void *function = dlsym(libc, "usleep");
    unsigned time_us = 2000;
    ffi_arg result;

    ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, (ffi_type *[]){&ffi_type_uint});
    for (int i = 0; i < 5; i++)
        ffi_call(&cif, FFI_FN(function), &result, (void *[]){&time_us});
}

static void compare(ffi_cif *cif, void *result, void **arguments, void *compared)
{
    (void)cif;
    ++*(int *)compared;
    *(ffi_sarg *)result = **(int **)arguments[0] - **(int **)arguments[1];
}

static int sort(void *libc)
{
    ffi_type *two[] = {&ffi_type_pointer, &ffi_type_pointer};
    ffi_type *four[] = {&ffi_type_pointer, &ffi_type_ulong, &ffi_type_ulong, &ffi_type_pointer};
    ffi_cif cif;
    void *code;
    ffi_closure *closure = ffi_closure_alloc(sizeof(*closure), &code);
    int numbers[64], compared = 0;
    int *first = numbers;
    size_t count = 64, size = sizeof(int);

    for (int i = 0; i < 64; i++)
        numbers[i] = i * 37 % 64;
    ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 2, &ffi_type_sint, two);
    ffi_prep_closure_loc(closure, &cif, compare, &compared, code);
    call(libc, "qsort", &ffi_type_void, NULL, 4, four, (void *[]){&first, &count, &size, &code});
    ffi_closure_free(closure);
    return compared;
}

static void add_row(ffi_cif *cif, void *result, void **arguments, void *rows)
{
    char **values = *(char ***)arguments[2];

    (void)cif;
    if (*(char *)rows)
        strcat(rows, ",");
    strcat(rows, values[0]);
    *(ffi_sarg *)result = 0;
}

static void query(void *sqlite, char *rows)
{
    static const char *const statements[] = {
        "create table numbers (value)",
        "insert into numbers values (1), (2), (3), (5), (8)",
        "select value from numbers",
    };
    ffi_type *pointers[] = {&ffi_type_pointer, &ffi_type_pointer, &ffi_type_pointer,
                            &ffi_type_pointer, &ffi_type_pointer};
    ffi_type *row[] = {&ffi_type_pointer, &ffi_type_sint, &ffi_type_pointer, &ffi_type_pointer};
    ffi_cif cif, exec_cif;
    void *code, *database = NULL, *nothing = NULL;
    void **place = &database;
    void *exec = dlsym(sqlite, "sqlite3_exec");
    ffi_closure *closure = ffi_closure_alloc(sizeof(*closure), &code);
    const char *name = ":memory:";
    ffi_arg result;

    ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 4, &ffi_type_sint, row);
    ffi_prep_closure_loc(closure, &cif, add_row, rows, code);
    ffi_prep_cif(&exec_cif, FFI_DEFAULT_ABI, 5, &ffi_type_sint, pointers);
    call(sqlite, "sqlite3_open", &ffi_type_sint, &result, 2, pointers, (void *[]){&name, &place});
    for (size_t i = 0; i < COUNT(statements); i++)
        ffi_call(&exec_cif, FFI_FN(exec), &result,
                 (void *[]){&database, (void *)&statements[i], &code, &nothing, &nothing});
    call(sqlite, "sqlite3_close", &ffi_type_sint, &result, 1, pointers, (void *[]){&database});
    ffi_closure_free(closure);
}

int run(void);

__attribute__((visibility("default"))) int run(void)
{
    void *libc = dlopen("libc.so.6", RTLD_NOW), *libm = dlopen("libm.so.6", RTLD_NOW);
    void *libz = dlopen("libz.so.1", RTLD_NOW), *sqlite = dlopen("libsqlite3.so.0", RTLD_NOW);
    char rows[64] = "";

    if (!libc || !libm || !libz || !sqlite)
        return 1;
    const double total = sum_cosines(libm);
    const unsigned long crc = sum_up(libz);
    sleep_a_little(libc);
    const int compared = sort(libc);
    query(sqlite, rows);
    dlsym(libc, "ffitap_no_such_function");
    dlopen("libffitap-does-not-exist.so.1", RTLD_NOW);
    printf("%.4f %08lx %d %s\n", total, crc, compared, rows);
    return fflush(stdout);
}

int main(void)
{
    return run();
}
