/*
 * What makes a program traced: the libraries that the dynamic linker loads into it ahead of its
 * own, and the environment that says so.
 */
#ifndef FFITAP_TOOL_PRELOAD_H
#define FFITAP_TOOL_PRELOAD_H

#include <stdbool.h>

/*
 * Starts the running program, ffitap, anew as `argv` if it is itself being recorded: without the
 * libraries that watch it, because LTTng in it would stay registered with the outer recording's
 * daemon and does not live through what ffitap does with descriptors. Returns if there is no need.
 */
void ffitap_preload_shed(const char **argv);

/*
 * Makes the value of LD_PRELOAD: what it is already, then ffitap's libraries, found relative to
 * the running ffitap. The caller frees it. NULL, having said why, if one of them is missing.
 */
char *ffitap_preload_list(void);

/*
 * The environment of the traced program: ffitap's own with `preload` in it, the recording's `token`
 * and `home` as LTTng's home. Release with ffitap_preload_free_environment(). NULL with errno set.
 */
char **ffitap_preload_environment(const char *preload, const char *token, const char *home);

void ffitap_preload_free_environment(char **environment);

#endif
