/* What a report cannot tell, in the figures that the writers share. */
#ifndef FFITAP_TOOLS_REPORT_MODEL_LOSSES_H
#define FFITAP_TOOLS_REPORT_MODEL_LOSSES_H

#include "report/base/recording.h"
#include "report/model/model.h"

struct ffitap__losses {
    uint64_t discarded_events; /* by LTTng, as it told the recorder, else as the trace has it */
    uint64_t discarded_packets;
    uint64_t dropped_records;   /* by the tap, of all kinds */
    const char *command_unseen; /* why no event of the command is there; NULL: some are */
    const char *trace_empty;    /* a sentence, where the trace holds no events; NULL: it does */
    unsigned callers_unseen;    /* other processes that made calls of which nothing is there */
    unsigned programs_unseen;   /* other unseen programs, which may have made no calls: no loss */
    bool lower_bound;           /* anything was lost */
};

struct ffitap__losses ffitap__losses_of(const struct ffitap_recording *recording,
                                        const struct ffitap__model *model);

/* The name of an entry of the model's `lost`: "call", "function", ... */
const char *ffitap__loss_name(unsigned kind);

#endif
