/*
 * Programs that were started and of which nothing came: what the notes in the folder of the
 * statistics say (report/note.h), and why.
 */
#ifndef FFITAP_REPORT_UNSEEN_H
#define FFITAP_REPORT_UNSEEN_H

#include "report/model.h"
#include "report/recording.h"

/*
 * Tells the model what was recorded, before it is finished: what can be looked at on this machine,
 * and until when what was started is only starting.
 */
void ffitap__unseen_prepare(struct ffitap__model *model, const struct ffitap_recording *recording);

/* Reads the notes of a folder into the model. What is none is noted as damage. */
void ffitap__unseen_read_folder(struct ffitap__model *model, const char *folder);

/* Names what was started and is no process of the model, which is finished. */
void ffitap__unseen_settle(struct ffitap__model *model);

#endif
