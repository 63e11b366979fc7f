/*
 * Programs that were started and of which nothing came: what the notes in the folder of the
 * statistics say (tap/exec_note.h), and why. Notes are not to be trusted: anything may go by the
 * name of one.
 */
#ifndef FFITAP_REPORT_UNSEEN_H
#define FFITAP_REPORT_UNSEEN_H

#include "report/model.h"
#include "report/recording.h"

/* A program that was started. */
struct ffitap__started {
    int32_t pid;        /* 0: not known */
    int32_t parent;     /* 0: not known */
    uint64_t moment_ns; /* before it was, on CLOCK_MONOTONIC */
    uint64_t until_ns;  /* from then on the number is another process's, or program's */
    unsigned marks;     /* enum ffitap__exec_mark */
    const char *path;   /* in the model's pool; NULL: there is no note, for `failure` */
    bool is_whole;      /* the path, and an absolute one */
    int failure;        /* an errno */
};

/*
 * Tells the model what was recorded, before it is finished: what can be looked at on this machine,
 * and until when what was started is only starting.
 */
void ffitap__unseen_prepare(struct ffitap__model *model, const struct ffitap_recording *recording);

/* Reads the notes of a folder into the model. What is none is noted as damage. */
void ffitap__unseen_read_folder(struct ffitap__model *model, const char *folder);

/* Names what was started and is no process of the model. Called when all of them are known. */
void ffitap__unseen_settle(struct ffitap__model *model);

#endif
