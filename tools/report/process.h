/* Program images of the model, and the names of what they count. */
#ifndef FFITAP_REPORT_PROCESS_H
#define FFITAP_REPORT_PROCESS_H

#include "report/model.h"

struct ffitap__process *ffitap__process_create(struct ffitap__model *model, int32_t pid);

void ffitap__process_destroy(struct ffitap__process *process);

/* Makes `process` ours: what it counted apart goes into the model's tables. */
void ffitap__process_adopt(struct ffitap__process *process);

/* Makes it foreign: forgets what it counted. */
void ffitap__process_disown(struct ffitap__process *process);

/* Forgets what it counted, though not its names: what it counts from now on is the model's. */
void ffitap__process_forget_tables(struct ffitap__process *process);

/* Take a definition, and move what was counted under its id to where it belongs. */
void ffitap__process_define_function(struct ffitap__process *process, uint32_t function_id,
                                     const char *library, const char *symbol, uint64_t address);
void ffitap__process_define_runtime(struct ffitap__process *process, uint16_t runtime_id,
                                    const char *name, uint8_t lock_kind);

/* What the lock of a runtime id is. */
enum ffitap__lock_kind ffitap__process_lock_kind(const struct ffitap__process *process,
                                                 uint16_t runtime_id);

/* Whether the process has an interpreter that can do without its lock. */
bool ffitap__process_is_free_threaded(const struct ffitap__process *process);

/* Where to count the calls of a function, and the callbacks out of them. Borrowed until the next
 * definition. */
struct ffitap__report_function *ffitap__process_function(struct ffitap__process *process,
                                                         uint32_t function_id, uint16_t runtime_id);
struct ffitap__callbacks *ffitap__process_callbacks(struct ffitap__process *process,
                                                    uint32_t function_id, uint16_t runtime_id);

struct ffitap__report_thread *ffitap__process_thread(struct ffitap__process *process, int32_t tid);

/* Gives every id its final name: its own definition's, the parent's, or "[unknown #id]". */
void ffitap__process_name_all(struct ffitap__process *process);

/* The final name of a function id. */
void ffitap__process_name(const struct ffitap__process *process, uint32_t function_id,
                          const char **library, const char **symbol);

#endif
