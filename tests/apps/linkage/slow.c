/*
 * Takes the dynamic linker long to relocate: tens of thousands of symbols, no two alike in a row.
 * Its own calls go through slots that are bound as late as possible.
 */
#include <dlfcn.h>
#include <stddef.h>

extern char slow_one, slow_other;
char slow_one, slow_other;

#define TWO    &slow_one, &slow_other
#define TWENTY TWO, TWO, TWO, TWO, TWO, TWO, TWO, TWO, TWO, TWO
#define TEN(...)                                                                                   \
    __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__,     \
        __VA_ARGS__, __VA_ARGS__, __VA_ARGS__
#define HUNDREDS      TEN(TWENTY)
#define THOUSANDS     TEN(HUNDREDS)
#define TEN_THOUSANDS TEN(THOUSANDS)

extern char *const slow_table[];
char *const slow_table[] = {TEN_THOUSANDS};

int slow_lookup(void);

int slow_lookup(void)
{
    return dlsym(RTLD_DEFAULT, "malloc") != NULL;
}
