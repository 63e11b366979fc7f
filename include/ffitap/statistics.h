/*
 * Statistics of this process's foreign calls, kept by the process itself: exact counts and times,
 * as `ffitap stat` keeps them of a program from outside. If the environment variable
 * FFITAP_STAT_DIR names a folder, by an absolute path, they are kept from the start of the program
 * on. Otherwise they are kept from ffitap_statistics_start() to ffitap_statistics_stop(). `ffitap
 * report FOLDER` makes a report of a folder with such files, `ffitap top FOLDER` shows them while
 * they grow.
 */
#ifndef FFITAP_STATISTICS_H
#define FFITAP_STATISTICS_H

#include <ffitap/export.h>
#include <ffitap/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Keeps statistics from now on, of all threads, in a new file "<pid>.<n>.stat" in `folder`, an
 * absolute path of a folder that is there. What is counted is in the file at once, and stays there
 * however the process ends. A child made by fork(2) has a file of its own in that folder from its
 * first call, load or lookup on; a program that exec(3) starts keeps none. Any thread may call
 * this. In a signal handler it may fail with FFITAP_BUSY.
 *
 * FFITAP_BUSY: statistics are kept already. FFITAP_BAD_ARGUMENT: `folder` is NULL, relative or too
 * long. FFITAP_IO: no file can be made there; FFITAP_NO_MEMORY; FFITAP_NOT_SUPPORTED: this process
 * was made by other means than fork(2) and shares the file of its parent, or it was given a tap of
 * another build of ffitap. After a failure nothing has changed, and there is no new file.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status ffitap_statistics_start(const char *folder,
                                                                       struct ffitap_error *error);

/*
 * Stops keeping statistics; starting again makes another file. Everything that was counted is in
 * the file, and a call that is under way still counts there when it returns. The file stays mapped
 * for the threads that have counted in it, until they end or have counted in two later ones.
 *
 * A signal handler that makes foreign calls has to return before statistics are started for the
 * second time since it began.
 *
 * FFITAP_NOT_STARTED: ffitap_statistics_start() has not begun any that are kept now; statistics
 * that FFITAP_STAT_DIR asks for are kept to the end. FFITAP_NOT_SUPPORTED and FFITAP_BUSY as above.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status ffitap_statistics_stop(struct ffitap_error *error);

#ifdef __cplusplus
}
#endif

#endif
