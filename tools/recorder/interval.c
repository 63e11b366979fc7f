#include "recorder/interval.h"

#include <stdlib.h>

#include "recorder/clock.h"
#include "recorder/message.h"

/* Shorter intervals are of no use: nobody could read the tables, and to make one takes its time,
 * too. */
#define INTERVAL_MIN 0.01
#define INTERVAL_MAX 1e6

bool ffitap_interval_understand(const char *text, uint64_t *interval_ns)
{
    char *end;
    const double seconds = strtod(text, &end);

    if (end == text || *end || !(seconds >= INTERVAL_MIN && seconds <= INTERVAL_MAX)) {
        ffitap_say("--interval: '%s' is no number of seconds from %g on", text, INTERVAL_MIN);
        return false;
    }
    *interval_ns = (uint64_t)(seconds * (double)FFITAP_SECOND_NS);
    return true;
}
