/*
 * Finds out which programs were started but not seen, and why not.
 */
#ifndef FFITAP_TOOLS_REPORT_MODEL_UNSEEN_H
#define FFITAP_TOOLS_REPORT_MODEL_UNSEEN_H

#include "report/base/recording.h"
#include "report/model/model.h"

/*
 * Tells the model what it needs to know of the recording before it is finished: whether program
 * files can be looked at on this machine, and the present time, by which a program that was just
 * started is not missing yet.
 */
void ffitap__unseen_prepare(struct ffitap__model *model, const struct ffitap_recording *recording);

/*
 * Names the programs that were started and are no process of the model. The model must be finished.
 */
void ffitap__unseen_settle(struct ffitap__model *model);

#endif
