/* What the live view's reader (live.c) tells the writer of its table (table_live.c). */
#ifndef FFITAP_TOOLS_REPORT_WRITE_LIVE_PART_H
#define FFITAP_TOOLS_REPORT_WRITE_LIVE_PART_H

#include "report/model/model.h"

struct ffitap_live;

/* The figures of a function that grow. */
struct ffitap__amounts {
    uint64_t calls;
    uint64_t cost_ns; /* ffitap__function_cost_ns() */
    uint64_t wait_ns;
};

/* What was read last; NULL before the first reading. Borrowed until the next. */
const struct ffitap__model *ffitap__live_model(const struct ffitap_live *live);

/* The time between the last two readings; and what was added in that time to a function of the last
 * reading. */
uint64_t ffitap__live_elapsed_ns(const struct ffitap_live *live);
struct ffitap__amounts ffitap__live_added(const struct ffitap_live *live,
                                          const struct ffitap__report_function *function);

#endif
