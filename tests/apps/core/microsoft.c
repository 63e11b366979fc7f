/* Functions that follow Microsoft's calling convention, as a library of Wine's would hold them. */
#include <errno.h>
#include <stdint.h>

#define MICROSOFT __attribute__((ms_abi))

struct pair {
    int32_t first;
    int32_t second;
};

struct odd {
    char bytes[3];
};

struct wide {
    double values[4];
};

int MICROSOFT weigh(int a, int b, int c, int d, int e, int f);
int MICROSOFT weigh(int a, int b, int c, int d, int e, int f)
{
    return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f;
}

double MICROSOFT mix(double a, int b, float c, int64_t d, double e, float f);
double MICROSOFT mix(double a, int b, float c, int64_t d, double e, float f)
{
    return a + 2 * b + 4 * (double)c + 8 * (double)d + 16 * e + 32 * (double)f;
}

long double MICROSOFT halve(long double value);
long double MICROSOFT halve(long double value)
{
    value /= 2; /* its own copy */
    return value;
}

struct pair MICROSOFT swap_pair(struct pair value);
struct pair MICROSOFT swap_pair(struct pair value)
{
    return (struct pair){value.second, value.first};
}

struct odd MICROSOFT turn_odd(struct odd value);
struct odd MICROSOFT turn_odd(struct odd value)
{
    const char first = value.bytes[0];

    value.bytes[0] = value.bytes[2]; /* in its own copy */
    value.bytes[2] = first;
    return value;
}

/* Changes the structure, which is the function's own copy. */
struct wide MICROSOFT double_wide(int before, struct wide value, int after);
struct wide MICROSOFT double_wide(int before, struct wide value, int after)
{
    for (int i = 0; i < 4; i++)
        value.values[i] = 2 * value.values[i] + before + after;
    return value;
}

int32_t MICROSOFT give(int32_t hresult);
int32_t MICROSOFT give(int32_t hresult)
{
    return hresult;
}

int64_t MICROSOFT give_wide(int64_t value);
int64_t MICROSOFT give_wide(int64_t value)
{
    return value;
}

/* The last error of an emulation layer, and what a program's functions do with it. */
static _Thread_local int last_error;

int get_emulated_error(void);
int get_emulated_error(void)
{
    return last_error;
}

void set_emulated_error(int value);
void set_emulated_error(int value)
{
    last_error = value;
}

/* Returns what both errors were, and leaves other values there. */
int MICROSOFT exchange_both(int error, int emulated_error);
int MICROSOFT exchange_both(int error, int emulated_error)
{
    const int former = errno * 1000 + last_error;

    errno = error;
    last_error = emulated_error;
    return former;
}
