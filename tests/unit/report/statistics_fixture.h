/*
 * What the tests of reading statistics files begin with: a file to build, a model to read it into,
 * and what to ask of that.
 */
#ifndef FFITAP_TESTS_STATISTICS_FIXTURE_H
#define FFITAP_TESTS_STATISTICS_FIXTURE_H

#include "report/model/model.h"
#include "statistics_builder.h"

/* One test at a time. `path` is where the file lies once it is written, alone in `directory`. */
extern union builder file;
extern struct ffitap__model *model;
extern struct ffitap__report_sink sink;
extern char directory[64], path[96];

void fixture_create(void);
void fixture_destroy(void);

void write_bytes(const char *where, const void *bytes, size_t size);

/* Reads `size` bytes of the file as if there were no more, and as if the recording ended then. */
void read_cut(size_t size);

/* The row whose identity number `identity` is `name`; the test fails if there is none. */
const void *find(GHashTable *table, const char *name, unsigned identity);
const struct ffitap__report_function *function(const char *symbol);

/* The first sentence about what could not be read, "" if all could. */
const char *damage(void);

/* Fails for figures that no process can have, whatever its file says. */
void expect_all_possible(const char *what);

#endif
