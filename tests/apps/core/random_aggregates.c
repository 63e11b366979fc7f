/* Functions that take and give the random structures and unions, in both calling conventions. */
#include "random_types.h"

#define MICROSOFT __attribute__((ms_abi))

#define TAKE(convention, prefix, name)                                                             \
    convention unsigned prefix##name(double before, name value, int after);                        \
    convention unsigned prefix##name(double before, name value, int after)                         \
    {                                                                                              \
        return before == 0.5 && after == 7 ? sum_##name(&value) : 0;                               \
    }

#define GIVE(convention, prefix, name)                                                             \
    convention name prefix##name(const name *value);                                               \
    convention name prefix##name(const name *value)                                                \
    {                                                                                              \
        return *value;                                                                             \
    }

#define X(name)                                                                                    \
    TAKE(, take_, name)                                                                            \
    GIVE(, give_, name)                                                                            \
    TAKE(MICROSOFT, ms_take_, name)                                                                \
    GIVE(MICROSOFT, ms_give_, name)
RANDOM_AGGREGATES(X)
