/* A pool of strings: equal texts have equal addresses, so that identities compare by address. */
#ifndef FFITAP_TOOLS_REPORT_BASE_STRINGS_H
#define FFITAP_TOOLS_REPORT_BASE_STRINGS_H

struct ffitap__strings;

struct ffitap__strings *ffitap__strings_create(void);

/* Releases the pool and every text in it. */
void ffitap__strings_destroy(struct ffitap__strings *strings);

/* The pool's own copy of `text`, which lives as long as the pool. */
const char *ffitap__strings_intern(struct ffitap__strings *strings, const char *text);

#endif
