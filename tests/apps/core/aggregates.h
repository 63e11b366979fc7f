/*
 * Structures and unions that tests pass by value. For each there is a sample, a function that tells
 * the sample from other values, and in the library of aggregates functions that return and take the
 * sample.
 */
#ifndef FFITAP_TESTS_AGGREGATES_H
#define FFITAP_TESTS_AGGREGATES_H

#include <stdbool.h>
#include <stdint.h>

struct inner {
    int32_t a;
    float b;
};

typedef struct {
    int8_t a;
} one_byte;
typedef struct {
    int8_t a[3];
} three_bytes;
typedef struct {
    int8_t a;
    int16_t b;
    int8_t c;
} padded;
typedef struct {
    float a, b;
} two_floats;
typedef struct {
    float a;
    int32_t b;
} float_and_int;
typedef struct {
    float a[3];
} three_floats;
typedef struct {
    double a;
    float b;
} double_and_float;
typedef struct {
    double a;
    int64_t b;
} double_and_integer;
typedef struct {
    int64_t a;
    double b;
} integer_and_double;
typedef struct {
    char *a;
    void *b;
} two_pointers;
typedef struct {
    float a;
    struct inner b;
} nested_amid_eight_bytes;
typedef struct {
    int16_t a;
    struct inner b[3];
    int8_t c;
} nested_in_array;
typedef struct {
    int64_t a, b, c;
} three_integers;
typedef struct {
    double a[4];
    int32_t b[1000];
} large;
typedef struct {
    long double a;
} long_double_alone;
typedef struct {
    int8_t a;
    long double b;
} long_double_inside;
typedef union {
    float a;
    int32_t b;
} float_or_int;
typedef union {
    double a;
    float b[2];
} double_or_floats;
typedef union {
    double a;
    int8_t b[3];
} double_or_bytes;
typedef union {
    float a[3];
    double b;
} floats_or_double;
typedef struct {
    float a;
    float_or_int b;
    double c;
} union_inside;
typedef struct {
    float_or_int a[2];
} union_in_array;
typedef union {
    long double a;
    long_double_alone b;
} long_doubles;
typedef union {
    long double a;
    double b;
} long_double_or_double;
typedef union {
    long double a;
    int64_t b;
} long_double_or_integer;
typedef union {
    long double a;
    int64_t b[2];
} long_double_or_integers;
typedef union {
    long_double_or_integer a;
    int16_t b[5];
} in_memory_or_integers;

/* Name, what is true of the sample `v`, the sample. */
#define AGGREGATES(X)                                                                              \
    X(one_byte, v.a == -7, {-7})                                                                   \
    X(three_bytes, v.a[0] == 1 && v.a[1] == -2 && v.a[2] == 3, {{1, -2, 3}})                       \
    X(padded, v.a == 1 && v.b == -300 && v.c == 3, {1, -300, 3})                                   \
    X(two_floats, v.a == 1.5f && v.b == -2, {1.5f, -2})                                            \
    X(float_and_int, v.a == 1.5f && v.b == -2, {1.5f, -2})                                         \
    X(three_floats, v.a[0] == 1.5f && v.a[1] == -2 && v.a[2] == 3, {{1.5f, -2, 3}})                \
    X(double_and_float, v.a == 1.5 && v.b == -2, {1.5, -2})                                        \
    X(double_and_integer, v.a == 1.5 && v.b == -2, {1.5, -2})                                      \
    X(integer_and_double, v.a == -2 && v.b == 1.5, {-2, 1.5})                                      \
    X(two_pointers, v.a == (char *)16 && v.b == (void *)-1, {(char *)16, (void *)-1})              \
    X(nested_amid_eight_bytes, v.a == 1.5f && v.b.a == -2 && v.b.b == 3, {1.5f, {-2, 3}})          \
    X(nested_in_array, v.a == 1 && v.b[1].a == -2 && v.b[2].b == 3 && v.c == 4,                    \
      {1, {{0, 0}, {-2, 0}, {0, 3}}, 4})                                                           \
    X(three_integers, v.a == 1 && v.b == -2 && v.c == INT64_MAX, {1, -2, INT64_MAX})               \
    X(large, v.a[3] == 1.5 && v.b[0] == -2 && v.b[999] == 3, {{0, 0, 0, 1.5}, {-2, [999] = 3}})    \
    X(long_double_alone, v.a == 1.5L, {1.5L})                                                      \
    X(long_double_inside, v.a == -2 && v.b == 1.5L, {-2, 1.5L})                                    \
    X(float_or_int, v.a == 1.5f, {1.5f})                                                           \
    X(double_or_floats, v.b[0] == 1.5f && v.b[1] == -2, {.b = {1.5f, -2}})                         \
    X(double_or_bytes, v.a == 1.5, {1.5})                                                          \
    X(floats_or_double, v.a[0] == 1.5f && v.a[2] == -2, {{1.5f, 0, -2}})                           \
    X(union_inside, v.a == 1.5f && v.b.b == -2 && v.c == 3, {1.5f, {.b = -2}, 3})                  \
    X(union_in_array, v.a[0].b == -2 && v.a[1].a == 1.5f, {{{.b = -2}, {.a = 1.5f}}})              \
    X(long_doubles, v.b.a == 1.5L, {1.5L})                                                         \
    X(long_double_or_double, v.a == 1.5L, {1.5L})                                                  \
    X(long_double_or_integer, v.a == 1.5L, {1.5L})                                                 \
    X(long_double_or_integers, v.b[0] == 1 && v.b[1] == -2, {.b = {1, -2}})                        \
    X(in_memory_or_integers, v.b[0] == 1 && v.b[4] == -2, {.b = {1, 0, 0, 0, -2}})

#define X(name, truth, ...)                                                                        \
    static const name name##_sample = __VA_ARGS__;                                                 \
    static inline bool is_##name##_sample(name v)                                                  \
    {                                                                                              \
        return truth;                                                                              \
    }
AGGREGATES(X)
#undef X

#endif
