/* The functions that tests of structures by value call, in both calling conventions. */
#include "aggregates.h"

#define MICROSOFT __attribute__((ms_abi))

/* The values around the structure show whether it took the room that it should. */
#define TAKE(convention, prefix, name)                                                             \
    convention int prefix##name(double before, name value, int after);                             \
    convention int prefix##name(double before, name value, int after)                              \
    {                                                                                              \
        return before == 0.5 && is_##name##_sample(value) && after == 7;                           \
    }

#define GIVE(convention, prefix, name)                                                             \
    convention name prefix##name(double before);                                                   \
    convention name prefix##name(double before)                                                    \
    {                                                                                              \
        return before == 0.5 ? name##_sample : (name){0};                                          \
    }

#define X(name, truth, ...)                                                                        \
    TAKE(, take_, name)                                                                            \
    GIVE(, give_, name)                                                                            \
    TAKE(MICROSOFT, ms_take_, name)                                                                \
    GIVE(MICROSOFT, ms_give_, name)
AGGREGATES(X)
