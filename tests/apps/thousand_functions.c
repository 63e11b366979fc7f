/* A library of a thousand functions, each of which adds another number: add_000() to add_999(). */
#define ADD(number)                                                                                \
    int add_##number(int to);                                                                      \
    int add_##number(int to)                                                                       \
    {                                                                                              \
        return to + 1##number - 1000;                                                              \
    }
#define TEN(tens)                                                                                  \
    ADD(tens##0)                                                                                   \
    ADD(tens##1)                                                                                   \
    ADD(tens##2)                                                                                   \
    ADD(tens##3)                                                                                   \
    ADD(tens##4)                                                                                   \
    ADD(tens##5)                                                                                   \
    ADD(tens##6)                                                                                   \
    ADD(tens##7)                                                                                   \
    ADD(tens##8)                                                                                   \
    ADD(tens##9)
#define HUNDRED(hundreds)                                                                          \
    TEN(hundreds##0)                                                                               \
    TEN(hundreds##1)                                                                               \
    TEN(hundreds##2)                                                                               \
    TEN(hundreds##3)                                                                               \
    TEN(hundreds##4)                                                                               \
    TEN(hundreds##5)                                                                               \
    TEN(hundreds##6)                                                                               \
    TEN(hundreds##7)                                                                               \
    TEN(hundreds##8)                                                                               \
    TEN(hundreds##9)

HUNDRED(0)
HUNDRED(1)
HUNDRED(2)
HUNDRED(3)
HUNDRED(4)
HUNDRED(5)
HUNDRED(6)
HUNDRED(7)
HUNDRED(8)
HUNDRED(9)
