/*
 * What goes into foreign calls and callbacks and comes out: numbers of every kind, structures,
 * errno, the processor's floating point state; calls that nest deeply, and callbacks on threads of
 * their own. Prints what arrived.
 */
#include <complex.h>
#include <errno.h>
#include <fenv.h>
#include <ffi.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define DEPTH   1000
#define THREADS 4

struct large {
    double numbers[16];
};

long double longer(long double value);
double _Complex turn(double _Complex value);
struct large reverse(struct large value);
double mix(double a, float b, int c, double d, long e, double f, double g, double h, double i,
           double j, double k);
int fail(int error);
double third(double value);
int descend(int depth);
int from_thread(int argument);

long double longer(long double value)
{
    return value * 2;
}

double _Complex turn(double _Complex value)
{
    return value * I;
}

struct large reverse(struct large value)
{
    struct large other;

    for (int i = 0; i < 16; i++)
        other.numbers[i] = value.numbers[15 - i];
    return other;
}

double mix(double a, float b, int c, double d, long e, double f, double g, double h, double i,
           double j, double k)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * (double)e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j +
           11 * k;
}

int fail(int error)
{
    const int found = errno;

    errno = error;
    return found;
}

double third(double value)
{
    return value / 3;
}

static void call(ffi_type *result_type, ffi_type **types, unsigned count, void (*function)(void),
                 void *result, void **arguments)
{
    ffi_cif cif;

    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, count, result_type, types) == FFI_OK)
        ffi_call(&cif, function, result, arguments);
}

static int call_int(int (*function)(int), int argument)
{
    ffi_type *types[] = {&ffi_type_sint};
    void *arguments[] = {&argument};
    ffi_arg result = 0;

    call(&ffi_type_sint, types, 1, FFI_FN(function), &result, arguments);
    return (int)result;
}

static double call_double(double (*function)(double), double argument)
{
    ffi_type *types[] = {&ffi_type_double};
    void *arguments[] = {&argument};
    double result = 0;

    call(&ffi_type_double, types, 1, FFI_FN(function), &result, arguments);
    return result;
}

static void probe_numbers(void)
{
    ffi_type *long_double[] = {&ffi_type_longdouble},
             *complex_double[] = {&ffi_type_complex_double};
    long double l = 1.0L / 3, l_result = 0;
    double _Complex z = 1 + 2 * I, z_result = 0;

    call(&ffi_type_longdouble, long_double, 1, FFI_FN(longer), &l_result, (void *[]){&l});
    printf("long double: %.20Lg\n", l_result);
    call(&ffi_type_complex_double, complex_double, 1, FFI_FN(turn), &z_result, (void *[]){&z});
    printf("complex: %g %g\n", creal(z_result), cimag(z_result));
}

static void probe_registers(void)
{
    ffi_type *types[] = {&ffi_type_double, &ffi_type_float,  &ffi_type_sint,   &ffi_type_double,
                         &ffi_type_slong,  &ffi_type_double, &ffi_type_double, &ffi_type_double,
                         &ffi_type_double, &ffi_type_double, &ffi_type_double};
    double d[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, result = 0;
    float f = 0.5F;
    int i = -3;
    long l = 1L << 40;

    call(&ffi_type_double, types, 11, FFI_FN(mix), &result,
         (void *[]){&d[0], &f, &i, &d[1], &l, &d[2], &d[3], &d[4], &d[5], &d[6], &d[7]});
    printf("registers of both kinds and more: %.17g\n", result);
}

static void probe_structure(void)
{
    ffi_type *elements[17];
    ffi_type type = {.type = FFI_TYPE_STRUCT, .elements = elements};
    struct large value, result = {{0}};

    for (int i = 0; i < 16; i++) {
        elements[i] = &ffi_type_double;
        value.numbers[i] = i + 1;
    }
    elements[16] = NULL;
    call(&type, (ffi_type *[]){&type}, 1, FFI_FN(reverse), &result, (void *[]){&value});
    printf("structure: %g %g %g\n", result.numbers[0], result.numbers[1], result.numbers[15]);
}

static void probe_state(void)
{
    fesetround(FE_UPWARD);
    printf("rounded up: %.20g, mode kept %d\n", call_double(third, 1), fegetround() == FE_UPWARD);
    fesetround(FE_DOWNWARD);
    printf("rounded down: %.20g\n", call_double(third, 1));
    fesetround(FE_TONEAREST);
    feclearexcept(FE_ALL_EXCEPT);
    call_double(third, 3);
    printf("exact: %d\n", fetestexcept(FE_INEXACT) == 0);
    call_double(third, 1);
    printf("not exact: %d\n", fetestexcept(FE_INEXACT) != 0);
}

static void probe_errno(void)
{
    for (int i = 0; i < 3; i++) {
        errno = 40 + i;
        const int found = call_int(fail, 70 + i);
        printf("errno: found %d, left %d\n", found, errno);
    }
}

static int (*callback)(int);
static pthread_t main_thread;
static int deepest;

static void on_callback(ffi_cif *cif, void *result, void **arguments, void *data)
{
    const int argument = *(int *)arguments[0];

    (void)cif;
    (void)data;
    if (!pthread_equal(pthread_self(), main_thread)) {
        errno = argument + 1;
        *(ffi_arg *)result = (ffi_arg)argument * 2;
        return;
    }
    deepest = argument > deepest ? argument : deepest;
    *(ffi_arg *)result = argument < DEPTH ? (ffi_arg)call_int(descend, argument + 1) + 1 : 0;
}

int descend(int depth)
{
    return callback(depth);
}

/* Runs on a thread that has made no call. */
static void *call_back(void *sum)
{
    errno = 0;
    const int doubled = callback(20);

    __atomic_fetch_add((int *)sum, doubled + errno, __ATOMIC_RELAXED);
    return NULL;
}

int from_thread(int argument)
{
    pthread_t threads[THREADS];
    int sum = argument;

    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, call_back, &sum);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return sum;
}

static void probe_callbacks(void)
{
    ffi_type *types[] = {&ffi_type_sint};
    ffi_cif cif;
    void *code;
    ffi_closure *closure = ffi_closure_alloc(sizeof(*closure), &code);

    main_thread = pthread_self();
    if (!closure || ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, types) != FFI_OK ||
        ffi_prep_closure_loc(closure, &cif, on_callback, NULL, code) != FFI_OK)
        return;
    callback = (int (*)(int))code;
    printf("down and up again: %d\n", call_int(descend, 1));
    printf("deepest: %d\n", deepest);
    printf("on other threads: %d\n", call_int(from_thread, 0));
    ffi_closure_free(closure);
}

int main(void)
{
    for (int i = 0; i < 3; i++) {
        probe_numbers();
        probe_registers();
        probe_structure();
        probe_state();
        probe_errno();
    }
    probe_callbacks();
    return 0;
}
