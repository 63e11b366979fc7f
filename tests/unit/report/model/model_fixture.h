/* What the tests of the model begin with: a model to tell, what to tell it, and what to ask of it.
 */
#ifndef FFITAP_TESTS_MODEL_FIXTURE_H
#define FFITAP_TESTS_MODEL_FIXTURE_H

#include "report/model/model.h"

#define LIBC "/lib/libc.so.6"

/* The model of the recording "ours". One test uses it at a time. */
extern struct ffitap__model *model;
extern struct ffitap__report_sink sink;

void fixture_create(void);
void fixture_destroy(void);

/* A moment in the main thread of a process. */
struct ffitap__at at(int32_t pid);

/* A process says who it is; announce() has it say that it is Python, and of this recording. */
void announce_as(int32_t pid, int32_t ppid, uint64_t start_ns, const char *exe, const char *token);
void announce(int32_t pid);

/* A process defines runtime 1, "ctypes", or a function of LIBC. */
void define_runtime(int32_t pid);
void define(int32_t pid, uint32_t id, const char *symbol);

/* A function is called through runtime 1. */
void call_with(int32_t pid, struct ffitap__call_event event);
void call(int32_t pid, uint32_t id, uint64_t native_ns);

/* Announces a process and defines the runtime, and "cos" as function 1. */
void start_python(int32_t pid);

/* A load begins and ends, and has failed if there is no handle. */
void load(int32_t pid, const char *name, bool main_program, uint64_t handle);

/* LIBC is mapped at `base`, or unmapped there. */
void map(int32_t pid, uint64_t base, bool mapped);

/* count() and only() return the number of rows of a table, and its only row; the others a function
 * of the model, and its calls. */
unsigned count(GHashTable *table);
const void *only(GHashTable *table);
const struct ffitap__report_function *find(const char *symbol);
uint64_t calls_of(const char *symbol);

#endif
