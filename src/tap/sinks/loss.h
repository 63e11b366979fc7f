/* Losses: what could not be recorded is counted. The real call went through all the same. */
#ifndef FFITAP_TAP_SINKS_LOSS_H
#define FFITAP_TAP_SINKS_LOSS_H

#include <ffitap/export.h>

#include "tap/base/event.h"

/* Counts one loss, and tells every sink of it. Any thread, without a lock; leaves errno alone. */
FFITAP__CROSSING void ffitap__lose(enum ffitap__loss what);

/* The same, but does not tell `one`: the sink that has counted the loss itself, or that could not
 * take the event. */
void ffitap__lose_beside(const struct ffitap__sink *one, enum ffitap__loss what);

#endif
