/*
 * Programs that were started and of which nothing came: which they are, and why.
 */
#ifndef FFITAP_TOOLS_REPORT_MODEL_UNSEEN_H
#define FFITAP_TOOLS_REPORT_MODEL_UNSEEN_H

#include "report/model/model.h"
#include "report/base/recording.h"

/*
 * Tells the model what was recorded, before it is finished: what can be looked at on this machine,
 * and until when what was started is only starting.
 */
void ffitap__unseen_prepare(struct ffitap__model *model, const struct ffitap_recording *recording);

/* Names what was started and is no process of the model, which is finished. */
void ffitap__unseen_settle(struct ffitap__model *model);

#endif
