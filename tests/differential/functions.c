/* The functions that both sides call: an ordinary library, which knows nothing of either side. */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <wchar.h>

/* Every type: its name in the tables, its name in C, how printf(3) shows a value, and the type that
 * the value is cast to for that. */
#define TYPES(X)                                                                                   \
    X(int8, int8_t, "%d", int)                                                                     \
    X(uint8, uint8_t, "%u", unsigned)                                                              \
    X(int16, int16_t, "%d", int)                                                                   \
    X(uint16, uint16_t, "%u", unsigned)                                                            \
    X(int32, int32_t, "%d", int)                                                                   \
    X(uint32, uint32_t, "%u", unsigned)                                                            \
    X(int64, int64_t, "%lld", long long)                                                           \
    X(uint64, uint64_t, "%llu", unsigned long long)                                                \
    X(short, short, "%d", int)                                                                     \
    X(ushort, unsigned short, "%u", unsigned)                                                      \
    X(int, int, "%d", int)                                                                         \
    X(uint, unsigned int, "%u", unsigned)                                                          \
    X(long, long, "%ld", long)                                                                     \
    X(ulong, unsigned long, "%lu", unsigned long)                                                  \
    X(longlong, long long, "%lld", long long)                                                      \
    X(ulonglong, unsigned long long, "%llu", unsigned long long)                                   \
    X(size, size_t, "%zu", size_t)                                                                 \
    X(ssize, ssize_t, "%zd", ssize_t)                                                              \
    X(float, float, "%a", double)                                                                  \
    X(double, double, "%a", double)                                                                \
    X(pointer, void *, "%p", void *)                                                               \
    X(string, char *, "%s", char *)                                                                \
    X(bool, bool, "%d", int)                                                                       \
    X(char, char, "%d", int)                                                                       \
    X(schar, signed char, "%d", int)                                                               \
    X(uchar, unsigned char, "%d", int)                                                             \
    X(wchar, wchar_t, "%d", int)                                                                   \
    X(longdouble, long double, "%La", long double)                                                 \
    X(wstring, wchar_t *, "%ls", wchar_t *)

static char shown[256];

/*
 * same_int(value) returns the value; show_int(value) shows what native code sees of it; call_int(f,
 * value) returns what f returns for it; show_called_int(f) shows what native code sees of f's
 * result.
 */
#define FUNCTIONS(name, type, format, as)                                                          \
    type same_##name(type value)                                                                   \
    {                                                                                              \
        return value;                                                                              \
    }                                                                                              \
    const char *show_##name(type value)                                                            \
    {                                                                                              \
        snprintf(shown, sizeof(shown), format, (as)value);                                         \
        return shown;                                                                              \
    }                                                                                              \
    type call_##name(type (*function)(type), type value)                                           \
    {                                                                                              \
        return function(value);                                                                    \
    }                                                                                              \
    const char *show_called_##name(type (*function)(type), type value)                             \
    {                                                                                              \
        return show_##name(function(value));                                                       \
    }
TYPES(FUNCTIONS)

/* Functions whose results do not come from an argument. */
int answer(void)
{
    return 42;
}

long long wide(void)
{
    return 0x1ffffffffLL;
}

long long too_wide(void)
{
    return 0x7fffffff80000001LL;
}

long double third(void)
{
    return 1 / 3.0L;
}

static int noted;
void note(int value)
{
    noted = value;
}

int get_noted(void)
{
    return noted;
}

int exported_variable = 0x1234;

int __dunder__(void)
{
    return 7;
}

int __half_dunder(void)
{
    return 8;
}

/* A symbol that exists and has the value NULL, as CPython's test_dlerror makes it. */
void *resolve_to_null(void)
{
    return NULL;
}
__asm__(".type null_valued, %gnu_indirect_function\n"
        ".globl null_valued\n"
        ".set null_valued, resolve_to_null\n");

/* Argument lists longer than the registers: each place has a weight of its own. */
long long ten_ints(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10LL * j;
}

double twelve_doubles(double a, double b, double c, double d, double e, double f, double g,
                      double h, double i, double j, double k, double l)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k +
           12 * l;
}

const char *mixture(int8_t a, double b, short c, float d, long long e, long double f, unsigned g,
                    double h, bool i, float j, char k, double l, const char *m, float n, wchar_t o,
                    double p, uint64_t q, double r, int16_t s, double t, uint8_t u, long double v)
{
    snprintf(shown, sizeof(shown),
             "%d %g %d %g %lld %Lg %u %g %d %g %d %g %s %g %d %g %llu %g %d %g %u %Lg", a, b, c, d,
             e, f, g, h, i, j, k, l, m, n, (int)o, p, (unsigned long long)q, r, s, t, u, v);
    return shown;
}

/* Adds `count` ints that follow, and as many doubles. */
int sum_ints(int count, ...)
{
    va_list list;
    int sum = 0;

    va_start(list, count);
    for (int i = 0; i < count; i++)
        sum += va_arg(list, int);
    va_end(list);
    return sum;
}

double sum_doubles(int count, ...)
{
    va_list list;
    double sum = 0;

    va_start(list, count);
    for (int i = 0; i < count; i++)
        sum += va_arg(list, double);
    va_end(list);
    return sum;
}

void *find_answer(void)
{
    return (void *)answer;
}

/* Structures: in one register, two, on the stack; of integers, of floats, of both; nested. */
struct tiny {
    int8_t a;
};
struct bytes3 {
    uint8_t a[3];
};
struct pair {
    int x, y;
};
struct floats {
    float x, y, z;
};
struct point {
    double x, y;
};
struct mixed {
    double real;
    int whole;
};
struct crossed {
    float f;
    int i;
    double d;
};
struct padded {
    int8_t a;
    int64_t b;
};
struct large {
    int64_t a;
    double b;
    int16_t c;
};
struct nested {
    struct pair pair;
    struct {
        float f[2];
    } inner;
};
struct deep {
    struct point corner[2];
    struct bytes3 colour;
    const char *name;
};
struct extended {
    long double value;
};

#define STRUCTURES(X)                                                                              \
    X(tiny, v.a)                                                                                   \
    X(bytes3, v.a[0] + 10 * v.a[1] + 100 * v.a[2])                                                 \
    X(pair, v.x + 10.0 * v.y)                                                                      \
    X(floats, v.x + 10 * v.y + 100 * v.z)                                                          \
    X(point, v.x + 10 * v.y)                                                                       \
    X(mixed, v.real + 10 * v.whole)                                                                \
    X(crossed, v.f + 10 * v.i + 100 * v.d)                                                         \
    X(padded, v.a + 10 * v.b)                                                                      \
    X(large, v.a + 10 * v.b + 100 * v.c)                                                           \
    X(nested, v.pair.x + 10 * v.pair.y + 100 * v.inner.f[0] + 1000 * v.inner.f[1])                 \
    X(deep, v.corner[0].x + 10 * v.corner[0].y + 100 * v.corner[1].x + 1000 * v.corner[1].y +      \
                v.colour.a[2] + strlen(v.name))                                                    \
    X(extended, v.value)

/*
 * same_pair(v) returns the value; weigh_pair(v) returns the weighted sum of its members;
 * spoil_pair(v, end) overwrites the value and returns what came after it; call_pair(f, v) asks f.
 */
#define STRUCTURE_FUNCTIONS(name, weight)                                                          \
    struct name same_##name(struct name v)                                                         \
    {                                                                                              \
        return v;                                                                                  \
    }                                                                                              \
    double weigh_##name(struct name v)                                                             \
    {                                                                                              \
        return weight;                                                                             \
    }                                                                                              \
    int spoil_##name(struct name v, int end)                                                       \
    {                                                                                              \
        memset((void *)&v, 0xff, sizeof(v));                                                       \
        __asm__ volatile("" ::"r"(&v) : "memory");                                                 \
        return end;                                                                                \
    }                                                                                              \
    int call_##name(int (*function)(struct name), struct name v)                                   \
    {                                                                                              \
        return function(v);                                                                        \
    }
STRUCTURES(STRUCTURE_FUNCTIONS)

double weigh_many(struct pair a, double b, struct mixed c, struct large d, int e, struct point f,
                  struct floats g, struct point h)
{
    return weigh_pair(a) + b + weigh_mixed(c) + weigh_large(d) + e + weigh_point(f) +
           weigh_floats(g) + weigh_point(h);
}

double sum_pairs(int count, ...)
{
    va_list list;
    double sum = 0;

    va_start(list, count);
    for (int i = 0; i < count; i++)
        sum += weigh_pair(va_arg(list, struct pair));
    va_end(list);
    return sum;
}

struct point call_for_point(struct point (*function)(int), int value)
{
    return function(value);
}

union number {
    int i;
    float f;
};
union wide_number {
    double d;
    int64_t i;
};

union number same_number(union number value)
{
    return value;
}

float float_of_number(union number value)
{
    return value.f;
}

union wide_number same_wide_number(union wide_number value)
{
    return value;
}

/* Functions about errno: one returns it; one sets it and returns what it was; one returns what f
 * made of it. */
int see_errno(void)
{
    return errno;
}

int leave_errno(int value)
{
    const int former = errno;

    errno = value;
    return former;
}

int errno_after(int value, void (*function)(void))
{
    errno = value;
    function();
    return errno;
}

/* Callbacks: none, twice, down to zero, from another thread, with more than the registers hold. */
void call(void (*function)(void))
{
    function();
}

int call_twice(int (*function)(int), int value)
{
    return function(function(value));
}

int count_down(int (*function)(int), int value)
{
    return value > 0 ? function(value - 1) : 0;
}

int compare_ints(const int *left, const int *right)
{
    return (*left > *right) - (*left < *right);
}

double call_many(double (*function)(int, double, int, double, int, double, int, double, int, double,
                                    int, double, int, double, int, double, int, double, float))
{
    return function(1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 8.5, 9, 9.5, 10.5f);
}

struct errand {
    int (*function)(int);
    int value;
    int result;
};

static void *run_errand(void *data)
{
    struct errand *errand = data;

    errand->result = errand->function(errand->value);
    return NULL;
}

int call_in_thread(int (*function)(int), int value)
{
    struct errand errand = {function, value, 0};
    pthread_t thread;

    if (pthread_create(&thread, NULL, run_errand, &errand) != 0)
        return -1;
    pthread_join(thread, NULL);
    return errand.result;
}

static int (*kept)(int);
void keep(int (*function)(int))
{
    kept = function;
}

int call_kept(int value)
{
    return kept(value);
}
