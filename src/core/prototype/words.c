#include "core/prototype/words.h"

#include <stdint.h>
#include <sys/types.h>
#include <wchar.h>

/* Each word has two bits, so that "long long" is more than "long". */
enum basic_word {
    VOID = 1u << 0,
    BOOL = 1u << 2,
    CHAR = 1u << 4,
    SHORT = 1u << 6,
    INT = 1u << 8,
    LONG = 1u << 10,
    FLOAT = 1u << 12,
    DOUBLE = 1u << 14,
    SIGNED = 1u << 16,
    UNSIGNED = 1u << 18,
};

/* The fundamental type of an integer type that the platform's headers define. */
#define IS_SIGNED(c_type) ((c_type)(-1) < (c_type)1)
#define BY_SIZE(c_type, sign)                                                                      \
    (sizeof(c_type) == 1   ? FFITAP_TYPE_##sign##8                                                 \
     : sizeof(c_type) == 2 ? FFITAP_TYPE_##sign##16                                                \
     : sizeof(c_type) == 4 ? FFITAP_TYPE_##sign##32                                                \
                           : FFITAP_TYPE_##sign##64)
/* Each version of clang-format has another idea of such braces. */
/* clang-format off */
#define INTEGER(c_type)                                                                            \
    {#c_type, FFITAP__WORD_TYPE, IS_SIGNED(c_type) ? BY_SIZE(c_type, INT) : BY_SIZE(c_type, UINT)}
/* clang-format on */
#define BOTH(name) INTEGER(int##name), INTEGER(uint##name)

static const struct ffitap__word words[] = {
    {"void", FFITAP__WORD_BASIC, VOID},
    {"_Bool", FFITAP__WORD_BASIC, BOOL},
    {"bool", FFITAP__WORD_BASIC, BOOL},
    {"char", FFITAP__WORD_BASIC, CHAR},
    {"short", FFITAP__WORD_BASIC, SHORT},
    {"int", FFITAP__WORD_BASIC, INT},
    {"long", FFITAP__WORD_BASIC, LONG},
    {"float", FFITAP__WORD_BASIC, FLOAT},
    {"double", FFITAP__WORD_BASIC, DOUBLE},
    {"signed", FFITAP__WORD_BASIC, SIGNED},
    {"unsigned", FFITAP__WORD_BASIC, UNSIGNED},
    {"const", FFITAP__WORD_QUALIFIER, 0},
    {"volatile", FFITAP__WORD_QUALIFIER, 0},
    {"restrict", FFITAP__WORD_QUALIFIER, 0},
    {"__restrict", FFITAP__WORD_QUALIFIER, 0},
    {"__restrict__", FFITAP__WORD_QUALIFIER, 0},
    {"extern", FFITAP__WORD_EXTERN, 0},
    {"struct", FFITAP__WORD_TAG, 0},
    {"union", FFITAP__WORD_TAG, 0},
    {"enum", FFITAP__WORD_ENUM, 0},
    {"PyObject", FFITAP__WORD_OBJECT, 0},
    {"HRESULT", FFITAP__WORD_TYPE, FFITAP_TYPE_HRESULT},
    {"size_t", FFITAP__WORD_TYPE, FFITAP_TYPE_SIZE},
    {"ssize_t", FFITAP__WORD_TYPE, FFITAP_TYPE_SSIZE},
    {"wchar_t", FFITAP__WORD_TYPE, FFITAP_TYPE_WCHAR},
    INTEGER(wint_t),
    INTEGER(ptrdiff_t),
    BOTH(8_t),
    BOTH(16_t),
    BOTH(32_t),
    BOTH(64_t),
    BOTH(ptr_t),
    BOTH(max_t),
    BOTH(_least8_t),
    BOTH(_least16_t),
    BOTH(_least32_t),
    BOTH(_least64_t),
    BOTH(_fast8_t),
    BOTH(_fast16_t),
    BOTH(_fast32_t),
    BOTH(_fast64_t),
    INTEGER(blkcnt_t),
    INTEGER(blksize_t),
    INTEGER(clock_t),
    INTEGER(clockid_t),
    INTEGER(dev_t),
    INTEGER(fsblkcnt_t),
    INTEGER(fsfilcnt_t),
    INTEGER(gid_t),
    INTEGER(id_t),
    INTEGER(ino_t),
    INTEGER(key_t),
    INTEGER(mode_t),
    INTEGER(nlink_t),
    INTEGER(off_t),
    INTEGER(pid_t),
    INTEGER(suseconds_t),
    INTEGER(time_t),
    INTEGER(uid_t),
    INTEGER(useconds_t),
};

/* Words that are refused: an _Atomic type, for example, may be larger than the plain one, and a
 * _Complex one travels in its own way. */
static const char *const refused[] = {
    "_Alignas",
    "_Alignof",
    "_Atomic",
    "_Complex",
    "_Generic",
    "_Imaginary",
    "_Noreturn",
    "_Static_assert",
    "_Thread_local",
    "__asm",
    "__asm__",
    "__attribute",
    "__attribute__",
    "__cdecl",
    "__complex__",
    "__declspec",
    "__extension__",
    "__fastcall",
    "__inline",
    "__inline__",
    "__int128",
    "__stdcall",
    "__typeof__",
    "__vectorcall",
    "_Float128",
    "__float128",
    "asm",
    "auto",
    "break",
    "case",
    "continue",
    "default",
    "do",
    "else",
    "for",
    "goto",
    "if",
    "inline",
    "register",
    "return",
    "sizeof",
    "static",
    "switch",
    "typedef",
    "typeof",
    "while",
};

static const struct ffitap__word refusal = {"", FFITAP__WORD_REFUSED, 0};

const struct ffitap__word *ffitap__word_find(const struct ffitap__token *token)
{
    if (token->kind != FFITAP__TOKEN_WORD)
        return NULL;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (ffitap__token_is(token, words[i].text))
            return &words[i];
    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
        if (ffitap__token_is(token, refused[i]))
            return &refusal;
    return NULL;
}

#define EVERY_WAY(words, name)                                                                     \
    {(words), FFITAP_TYPE_##name}, {(words) + SIGNED, FFITAP_TYPE_##name},                         \
    {                                                                                              \
        (words) + UNSIGNED, FFITAP_TYPE_U##name                                                    \
    }

static const struct {
    unsigned sum;
    enum ffitap_basic_type type;
} sums[] = {
    {VOID, FFITAP_TYPE_VOID},
    {BOOL, FFITAP_TYPE_BOOL},
    {CHAR, FFITAP_TYPE_CHAR},
    {CHAR + SIGNED, FFITAP_TYPE_SCHAR},
    {CHAR + UNSIGNED, FFITAP_TYPE_UCHAR},
    EVERY_WAY(SHORT, SHORT),
    EVERY_WAY(SHORT + INT, SHORT),
    {SIGNED, FFITAP_TYPE_INT},
    {UNSIGNED, FFITAP_TYPE_UINT},
    EVERY_WAY(INT, INT),
    EVERY_WAY(LONG, LONG),
    EVERY_WAY(LONG + INT, LONG),
    EVERY_WAY(2 * LONG, LONGLONG),
    EVERY_WAY(2 * LONG + INT, LONGLONG),
    {FLOAT, FFITAP_TYPE_FLOAT},
    {DOUBLE, FFITAP_TYPE_DOUBLE},
    {LONG + DOUBLE, FFITAP_TYPE_LONGDOUBLE},
};

const struct ffitap_type *ffitap__word_type(unsigned sum)
{
    for (size_t i = 0; i < sizeof(sums) / sizeof(*sums); i++)
        if (sums[i].sum == sum)
            return ffitap_type_borrow(sums[i].type);
    return NULL;
}
