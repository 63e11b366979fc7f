#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "open.h"
#include "types.h"

static struct ffitap_names *names;
static struct ffitap_type *point, *number, *triple;

static void add(const char *name, const struct ffitap_type *type)
{
    cr_assert(eq(int, ffitap_names_add(names, name, type, NULL), FFITAP_OK));
}

static void register_names(void)
{
    point = STRUCT({"x", T(DOUBLE)}, {"y", T(DOUBLE)});
    number = UNION({"i", T(INT)}, {"f", T(FLOAT)});
    triple = array(T(DOUBLE), 3);
    cr_assert(eq(int, ffitap_names_create(&names, NULL), FFITAP_OK));
    add("point_t", point);
    add("struct point", point);
    add("union number", number);
    add("struct size_t", point);
    add("triple", triple);
    add("letter", T(CHAR));
    add("nothing", T(VOID));
}

static void forget_names(void)
{
    ffitap_names_destroy(names);
    ffitap_type_destroy(point);
    ffitap_type_destroy(number);
    ffitap_type_destroy(triple);
}

TestSuite(core_prototype, .init = register_names, .fini = forget_names);

static const char *name_of(const struct ffitap_type *type)
{
#define X(name, c_type, ffi_name)                                                                  \
    if (type == T(name))                                                                           \
        return #name;
    FFITAP_TYPE_MAP(X)
#undef X
    return type == point ? "point" : type == number ? "number" : "VOID";
}

/* How `text` was understood, as "RESULT name(ARGUMENT, ARGUMENT, ...)", or why it was not. */
static char *read(const char *text)
{
    static char answer[512];
    struct ffitap_prototype *prototype = NULL;
    struct ffitap_error error = {0};
    FILE *stream = fmemopen(answer, sizeof(answer), "w");

    if (ffitap_prototype_create(text, names, &prototype, &error) != FFITAP_OK) {
        fprintf(stream, "%d: %zu: %s", error.status == FFITAP_BAD_TYPE, error.position, error.text);
        fclose(stream);
        return answer;
    }
    const char *name = ffitap_prototype_borrow_name(prototype);
    fprintf(stream, "%s %s(", name_of(ffitap_prototype_borrow_result(prototype)), name ? name : "");
    for (size_t i = 0; i < ffitap_prototype_get_count(prototype); i++)
        fprintf(stream, "%s%s", i ? ", " : "",
                name_of(ffitap_prototype_borrow_arguments(prototype)[i]));
    fprintf(stream, "%s%s)", ffitap_prototype_is_variadic(prototype) ? ", ..." : "",
            ffitap_prototype_is_complete(prototype) ? "" : "?");
    fclose(stream);
    ffitap_prototype_destroy(prototype);
    return answer;
}

#define READS(behaviour, text, meaning)                                                            \
    Test(core_prototype, behaviour)                                                                \
    {                                                                                              \
        cr_expect(eq(str, read(text), meaning));                                                   \
    }

/* `reason` is all that stands behind "character N: ". */
#define FAILS(behaviour, text, position, reason)                                                   \
    Test(core_prototype, behaviour)                                                                \
    {                                                                                              \
        cr_expect(eq(str, read(text), "1: " #position ": character " #position ": " reason));      \
    }

READS(a_function_has_a_name_a_result_and_arguments, "double pow(double x, double y)",
      "DOUBLE pow(DOUBLE, DOUBLE)")
READS(names_can_be_left_out, "double (double, double)", "DOUBLE (DOUBLE, DOUBLE)")
READS(a_semicolon_may_end_it, "int f(int) ;", "INT f(INT)")
READS(extern_may_begin_it, "extern int f(int)", "INT f(INT)")
READS(white_space_is_free, "\tint\n f \r\n(\vint\f)", "INT f(INT)")
READS(white_space_can_be_left_out, "char*f(int*a,char*b)", "STRING f(POINTER, STRING)")
READS(comments_are_skipped, "int /* a * b **/ f(int // x, y\n, char)", "INT f(INT, CHAR)")
READS(a_comment_may_end_it, "int f(int) // that is all", "INT f(INT)")

READS(void_is_no_arguments, "void f(void)", "VOID f()")
READS(empty_parentheses_say_nothing, "int f()", "INT f(?)")
READS(an_ellipsis_is_variadic, "int printf(const char *format, ...)", "INT printf(STRING, ...)")

READS(words_of_a_type_come_in_any_order,
      "long unsigned f(int unsigned, long int long, short unsigned int, char signed)",
      "ULONG f(UINT, LONGLONG, USHORT, SCHAR)")
READS(signs_alone_are_int, "signed f(unsigned, signed int, unsigned int)", "INT f(UINT, INT, UINT)")
READS(chars_are_three_types, "char f(char, signed char, unsigned char)",
      "CHAR f(CHAR, SCHAR, UCHAR)")
READS(shorts_are_short, "short f(short int, signed short, unsigned short)",
      "SHORT f(SHORT, SHORT, USHORT)")
READS(longs_are_long, "long f(long int, signed long, unsigned long int)",
      "LONG f(LONG, LONG, ULONG)")
READS(long_longs_are_long_long, "long long f(unsigned long long, long long unsigned int)",
      "LONGLONG f(ULONGLONG, ULONGLONG)")
READS(floating_types_are_three, "float f(double, long double, double long)",
      "FLOAT f(DOUBLE, LONGDOUBLE, LONGDOUBLE)")
READS(bool_has_two_names, "bool f(_Bool)", "BOOL f(BOOL)")
READS(exact_integers_are_known,
      "int8_t f(int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t)",
      "INT8 f(INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64)")
READS(other_integers_of_stdint_are_known,
      "intptr_t f(uintptr_t, intmax_t, uintmax_t, int_least8_t, uint_least16_t, int_fast8_t, "
      "uint_fast16_t)",
      "INT64 f(UINT64, INT64, UINT64, INT8, UINT16, INT8, UINT64)")
READS(sizes_are_known, "size_t f(ssize_t, ptrdiff_t)", "SIZE f(SSIZE, INT64)")
READS(integers_of_posix_are_known,
      "off_t f(time_t, clock_t, pid_t, uid_t, gid_t, id_t, mode_t, key_t, suseconds_t, useconds_t, "
      "clockid_t)",
      "INT64 f(INT64, INT64, INT32, UINT32, UINT32, UINT32, UINT32, INT32, INT64, UINT32, INT32)")
READS(integers_of_files_are_known,
      "dev_t f(ino_t, nlink_t, blksize_t, blkcnt_t, fsblkcnt_t, fsfilcnt_t)",
      "UINT64 f(UINT64, UINT64, INT64, INT64, UINT64, UINT64)")
READS(wide_characters_are_known, "wchar_t f(wint_t)", "WCHAR f(UINT32)")
READS(an_hresult_is_known, "HRESULT f(HRESULT)", "HRESULT f(HRESULT)")
READS(an_enumeration_is_int, "enum color f(enum color, enum shape *)", "INT f(INT, POINTER)")
READS(qualifiers_stand_anywhere,
      "const int f(int const volatile, const char *const restrict a, char *__restrict__, "
      "int *const *volatile)",
      "INT f(INT, STRING, STRING, POINTER)")

READS(a_pointer_to_char_is_a_string, "char *f(const char *, char *)", "STRING f(STRING, STRING)")
READS(a_pointer_to_signed_char_is_none, "signed char *f(unsigned char *)", "POINTER f(POINTER)")
READS(a_pointer_to_wchar_is_a_wide_string, "wchar_t *f(const wchar_t *)", "WSTRING f(WSTRING)")
READS(a_pointer_to_pyobject_is_an_object, "PyObject *f(PyObject *)", "PYOBJECT f(PYOBJECT)")
READS(pointers_to_these_are_only_pointers, "char **f(PyObject **, wchar_t ***)",
      "POINTER f(POINTER, POINTER)")
READS(other_pointers_are_pointers, "void *f(int *, double **, size_t *)",
      "POINTER f(POINTER, POINTER, POINTER)")
READS(nobody_need_know_what_a_pointer_leads_to, "FILE *f(struct stat *, sqlite3 **, union u *)",
      "POINTER f(POINTER, POINTER, POINTER)")

READS(a_registered_name_is_its_type, "point_t f(point_t, struct point p, union number)",
      "point f(point, point, number)")
READS(a_tag_may_be_called_as_a_type_that_is_known,
      "size_t f(struct size_t, struct PyObject *, enum HRESULT)", "SIZE f(point, POINTER, INT)")
READS(a_pointer_to_a_registered_type_is_a_pointer, "point_t *f(struct point *)",
      "POINTER f(POINTER)")
READS(a_name_for_char_makes_strings, "letter f(letter *)", "CHAR f(STRING)")
READS(a_name_for_void_makes_no_result, "nothing f(nothing *)", "VOID f(POINTER)")
READS(a_name_for_an_array_is_passed_as_a_pointer, "int f(triple)", "INT f(POINTER)")
READS(a_parameter_may_be_called_as_a_type, "int f(int point_t)", "INT f(INT)")
READS(a_function_may_be_called_as_a_type, "int point_t(int)", "INT point_t(INT)")

READS(arrays_become_pointers, "int f(double v[3], char s[], char *argv[], int m[][4], triple t[2])",
      "INT f(POINTER, STRING, POINTER, POINTER, POINTER)")
READS(lengths_of_arrays_may_be_what_they_are_in_c,
      "int f(int n, int v[static const 3], int w[n], "
      "int x[*])",
      "INT f(INT, POINTER, POINTER, POINTER)")
READS(functions_become_pointers, "void f(int compare(const void *, const void *), void (int))",
      "VOID f(POINTER, POINTER)")
READS(pointers_to_functions_are_pointers,
      "void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, "
      "const void *))",
      "VOID qsort(POINTER, SIZE, SIZE, POINTER)")
READS(functions_nest, "void f(void (*visit)(int (*next)(void), FILE *, ...), int)",
      "VOID f(POINTER, INT)")
READS(a_type_behind_a_pointer_need_not_be_known, "void f(unknown (*)(unknown))", "VOID f(POINTER)")
READS(a_result_may_be_a_pointer_to_a_function,
      "void (*signal(int number, void (*handler)(int)))(int)", "POINTER signal(INT, POINTER)")
READS(a_result_may_be_a_pointer_to_an_array, "char (*f(void))[3]", "POINTER f()")
READS(a_name_may_stand_in_parentheses, "int (f)(int (x), char *(s))", "INT f(INT, STRING)")
READS(parentheses_nest, "int ((((((((f))))))))(int)", "INT f(INT)")
READS(a_result_may_stand_in_parentheses, "char *(f(int))", "STRING f(INT)")
READS(a_type_in_parentheses_is_a_parameter, "int (size_t)", "INT (SIZE)")
READS(a_pointer_in_parentheses_is_a_parameter, "int (FILE *)", "INT (POINTER)")
READS(a_registered_type_in_parentheses_is_a_parameter, "int (point_t)", "INT (point)")

FAILS(an_empty_text_is_explained, "", 1, "expected a type, but the text ends")
FAILS(a_type_alone_is_explained, "int", 4,
      "expected the parameters of a function, but the text ends")
FAILS(a_variable_is_explained, "int x;", 6, "expected the parameters of a function, not ';'")
FAILS(two_names_are_explained, "int f g(void)", 7, "expected the parameters of a function, not 'g'")
FAILS(a_pointer_to_a_function_is_explained, "int (*f)(void)", 1,
      "this declares no function, but a pointer")
FAILS(an_array_is_explained, "int f[3]", 1, "this declares no function, but an array")
FAILS(open_parentheses_are_explained, "int f(int", 10, "expected ',' or ')', but the text ends")
FAILS(open_brackets_are_explained, "int f(int v[3)", 14, "expected ']', not ')'")
FAILS(what_follows_is_explained, "int f(int) int", 12, "expected the end, not 'int'")
FAILS(a_second_semicolon_is_explained, "int f(int);;", 12, "expected the end, not ';'")
FAILS(a_body_is_explained, "int f(void) {}", 13, "'{' has no meaning here")
FAILS(a_missing_parameter_is_explained, "int f(int,)", 11, "expected a type, not ')'")
FAILS(a_missing_type_is_explained, "int f(const *)", 13, "expected a type, not '*'")
FAILS(an_ellipsis_alone_is_explained, "int f(...)", 7, "'...' needs a parameter before it")
FAILS(an_ellipsis_amid_is_explained, "int f(int, ..., int)", 15,
      "expected ')' behind '...', not ','")
FAILS(an_unknown_type_is_explained, "int f(int, flaot x)", 12, "'flaot' is no type that is known")
FAILS(an_unknown_result_is_explained, "flaot f(int)", 1, "'flaot' is no type that is known")
FAILS(an_unknown_structure_is_explained, "int f(struct\tline x)", 7,
      "'struct line' is no type that is known")
FAILS(tags_are_told_apart, "int f(union point x)", 7, "'union point' is no type that is known")
FAILS(a_type_is_no_tag, "int f(struct point_t x)", 7, "'struct point_t' is no type that is known")
FAILS(a_tag_without_a_name_is_explained, "int f(struct *)", 14, "expected a name, not '*'")
FAILS(a_definition_is_explained, "int f(enum { A })", 12, "'{' has no meaning here")
FAILS(pyobject_is_no_value, "PyObject f(void)", 1, "'PyObject' is no type that is known")
FAILS(a_void_parameter_is_explained, "int f(int, void)", 12, "a parameter cannot be void")
FAILS(a_void_parameter_by_name_is_explained, "int f(nothing x)", 7, "a parameter cannot be void")
FAILS(an_array_as_a_result_is_explained, "triple f(void)", 1, "a function cannot return an array")
FAILS(words_that_make_no_type_are_explained, "int f(unsigned float)", 7, "these words make no type")
FAILS(long_float_is_none, "long float f(void)", 1, "these words make no type")
FAILS(short_long_is_none, "short long f(void)", 1, "these words make no type")
FAILS(int_int_is_none, "int int f(void)", 1, "these words make no type")
FAILS(three_longs_are_none, "long long long f(void)", 1, "these words make no type")
FAILS(four_longs_are_too_many, "long long long long f(void)", 16, "'long' is there too often")
FAILS(words_beside_a_whole_type_are_explained, "unsigned size_t f(void)", 10,
      "'size_t' has no meaning here")
FAILS(words_behind_a_whole_type_are_explained, "int f(size_t long)", 14,
      "'long' has no meaning here")
FAILS(a_type_is_no_parameters_name, "int f(int *size_t)", 12, "'size_t' has no meaning here")
FAILS(static_is_refused, "static int f(void)", 1, "'static' has no meaning here")
FAILS(inline_is_refused, "extern inline int f(void)", 8, "'inline' has no meaning here")
FAILS(an_external_parameter_is_refused, "int f(extern int)", 7, "'extern' has no meaning here")
FAILS(attributes_are_refused, "int f(void) __attribute__((cold))", 13,
      "expected the end, not '__attribute__'")
FAILS(complex_numbers_are_refused, "double _Complex f(void)", 8, "'_Complex' has no meaning here")
FAILS(atomic_types_are_refused, "_Atomic int f(void)", 1, "'_Atomic' has no meaning here")
FAILS(functions_that_return_functions_are_refused, "int f(int)(int)", 11,
      "a function cannot return a function or an array")
FAILS(functions_that_return_arrays_are_refused, "int f(int)[3]", 11,
      "a function cannot return a function or an array")
FAILS(arrays_of_functions_are_refused, "int f(int a[3](int))", 15, "an array cannot hold functions")
FAILS(an_open_comment_is_explained, "int f(int /* x)", 11, "nothing closes this comment")
FAILS(a_strange_sign_is_explained, "int f(int & x)", 11, "'&' has no meaning here")
FAILS(a_control_character_is_explained, "int f(\001int)", 7, "byte 0x01 has no meaning here")
FAILS(a_byte_beyond_ascii_is_explained, "int f(int \303\251)", 11, "byte 0xc3 has no meaning here")
FAILS(two_dots_are_explained, "int f(int, ..)", 12, "'.' has no meaning here")
FAILS(a_number_is_no_type, "int f(3)", 7, "expected a type, not '3'")

static char *repeat(const char *head, const char *piece, size_t count, const char *tail)
{
    static char text[65536];
    char *end = stpcpy(text, head);

    while (count--)
        end = stpcpy(end, piece);
    stpcpy(end, tail);
    return text;
}

static size_t count_parameters(const char *text)
{
    struct ffitap_prototype *prototype = NULL;
    struct ffitap_error error = {0};

    cr_assert(eq(int, ffitap_prototype_create(text, NULL, &prototype, &error), FFITAP_OK), "%s",
              error.text);
    const size_t count = ffitap_prototype_get_count(prototype);
    ffitap_prototype_destroy(prototype);
    return count;
}

Test(core_prototype, it_has_as_many_parameters_as_a_function_can_take)
{
    cr_expect(eq(sz, count_parameters(repeat("int f(int", ",int", 1023, ")")), 1024));
}

Test(core_prototype, more_parameters_are_explained)
{
    cr_expect(eq(str, read(repeat("int f(int", ",int", 1024, ")")),
                 "1: 4103: character 4103: more than 1024 parameters"));
}

Test(core_prototype, parameters_of_pointers_to_functions_do_not_count)
{
    cr_expect(eq(sz, count_parameters(repeat("int f(int (*)(int", ",int", 2000, "))")), 1));
}

Test(core_prototype, nesting_has_an_end)
{
    cr_expect(eq(str, read(repeat("int ", "(", 60000, "")),
                 "1: 69: character 69: more than 64 levels of parentheses"));
}

Test(core_prototype, nesting_of_parameters_has_an_end)
{
    cr_expect(eq(str, read(repeat("int f", "(int g", 9000, "")),
                 "1: 390: character 390: more than 64 levels of parentheses"));
}

Test(core_prototype, pointers_need_no_nesting)
{
    cr_expect(eq(sz, count_parameters(repeat("int f(int ", "*", 60000, ")")), 1));
}

Test(core_prototype, a_long_name_is_cut_in_the_text)
{
    cr_expect(
        eq(str, read(repeat("int f(", "a", 1000, " x)")),
           "1: 7: character 7: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' "
           "is no type that is known"));
}

Test(core_prototype, no_text_is_refused)
{
    struct ffitap_prototype *prototype = (void *)&prototype;

    cr_expect(eq(int, ffitap_prototype_create(NULL, names, &prototype, NULL), FFITAP_BAD_ARGUMENT));
    cr_expect(eq(ptr, prototype, &prototype));
    ffitap_prototype_destroy(NULL);
}

Test(core_prototype, failing_touches_nothing)
{
    struct ffitap_prototype *prototype = (void *)&prototype;

    errno = 12;
    cr_expect(eq(int, ffitap_prototype_create("int f(", names, &prototype, NULL), FFITAP_BAD_TYPE));
    cr_expect(eq(ptr, prototype, &prototype));
    cr_expect(eq(int, errno, 12));
}

Test(core_prototype, the_first_cause_stands)
{
    struct ffitap_prototype *prototype = NULL;
    struct ffitap_error error = {.status = FFITAP_LOAD_FAILED, .text = "earlier"};

    cr_expect(
        eq(int, ffitap_prototype_create("int f(", names, &prototype, &error), FFITAP_BAD_TYPE));
    cr_expect(eq(str, error.text, "earlier"));
    cr_expect(eq(sz, error.position, 0));
}

Test(core_prototype, it_outlives_the_names)
{
    struct ffitap_prototype *prototype = NULL;

    cr_assert(
        eq(int, ffitap_prototype_create("point_t f(point_t)", names, &prototype, NULL), FFITAP_OK));
    forget_names();
    cr_expect(eq(sz, ffitap_type_get_size(ffitap_prototype_borrow_arguments(prototype)[0]), 16));
    cr_expect(eq(sz, ffitap_type_get_size(ffitap_prototype_borrow_result(prototype)), 16));
    ffitap_prototype_destroy(prototype);
    register_names();
}
