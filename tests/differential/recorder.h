/*
 * Sees what the dynamic linker is asked for: counts, by name, every dlopen() and dlsym(). Read by
 * run_core, and by run_ctypes.py through ctypes.
 */
#ifndef DIFFERENTIAL_RECORDER_H
#define DIFFERENTIAL_RECORDER_H

/* How often a library of that name was asked for. */
int recorder_count_loads(const char *name);

/* With which mode it was asked for last; -1 for never. The main program is "NULL". */
int recorder_get_mode(const char *name);

/* How often a symbol of that name was looked up. */
int recorder_count_lookups(const char *name);

/* Prints an outcome on standard output, at once; keeps errno. */
void recorder_say(int line, const char *outcome);

/* The real errno, for a program that has no other way to it. */
void recorder_set_errno(int value);
int recorder_errno(void);

#endif
