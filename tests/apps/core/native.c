/* The functions that the core's tests call. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <wchar.h>

#define IDENTITY(name, type)                                                                       \
    type same_##name(type value);                                                                  \
    type same_##name(type value)                                                                   \
    {                                                                                              \
        return value;                                                                              \
    }
IDENTITY(int8, int8_t)
IDENTITY(uint8, uint8_t)
IDENTITY(int16, int16_t)
IDENTITY(uint16, uint16_t)
IDENTITY(int32, int32_t)
IDENTITY(uint32, uint32_t)
IDENTITY(int64, int64_t)
IDENTITY(uint64, uint64_t)
IDENTITY(short, short)
IDENTITY(ushort, unsigned short)
IDENTITY(int, int)
IDENTITY(uint, unsigned int)
IDENTITY(long, long)
IDENTITY(ulong, unsigned long)
IDENTITY(longlong, long long)
IDENTITY(ulonglong, unsigned long long)
IDENTITY(size, size_t)
IDENTITY(ssize, ssize_t)
IDENTITY(float, float)
IDENTITY(double, double)
IDENTITY(pointer, void *)
IDENTITY(string, char *)
IDENTITY(bool, bool)
IDENTITY(char, char)
IDENTITY(schar, signed char)
IDENTITY(uchar, unsigned char)
IDENTITY(wchar, wchar_t)
IDENTITY(longdouble, long double)
IDENTITY(wstring, wchar_t *)
IDENTITY(hresult, int32_t)
IDENTITY(pyobject, void *)

int answer(void);
int answer(void)
{
    return 42;
}

static int noted;
void note(int value);
void note(int value)
{
    noted = value;
}

int get_noted(void);
int get_noted(void)
{
    return noted;
}

/* Returns what errno was, and leaves another value there. */
int exchange_errno(int value);
int exchange_errno(int value)
{
    const int former = errno;

    errno = value;
    return former;
}

/* Calls its caller back. */
void call_back(void (*function)(void));
void call_back(void (*function)(void))
{
    function();
}

int __dunder__(void);
int __dunder__(void)
{
    return 7;
}

/* A symbol that exists and has the value NULL, as CPython's test_dlerror makes it. */
void null_valued(void);
void *resolve_to_null(void);
void *resolve_to_null(void)
{
    return NULL;
}
__asm__(".type null_valued, %gnu_indirect_function\n"
        ".globl null_valued\n"
        ".set null_valued, resolve_to_null\n");

/* "iid" adds two ints and a double. */
double add_up(const char *types, ...);
double add_up(const char *types, ...)
{
    va_list values;
    double sum = 0;

    va_start(values, types);
    for (; *types; types++)
        sum += *types == 'd' ? va_arg(values, double) : va_arg(values, int);
    va_end(values);
    return sum;
}

/* More than registers hold: passed on the stack and returned in memory. */
struct wide {
    long values[4];
};

struct wide negate_wide(struct wide value);
struct wide negate_wide(struct wide value)
{
    for (int i = 0; i < 4; i++)
        value.values[i] = -value.values[i];
    return value;
}
