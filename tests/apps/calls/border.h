/* The two sides of a foreign call: a runtime with an interpreter lock, and what it calls. */
#ifndef CALLS_BORDER_H
#define CALLS_BORDER_H

#include <ffi.h>

/* Makes the foreign call `function(argument)`. It is in a library of its own, so that the call is
 * hooked. */
int border_call(int (*function)(int), int argument);

/* The same with the lock given up during the call; and the same again with an exchange of errno
 * inside of that. */
int border_call_unlocked(int (*function)(int), int argument);
int border_call_swapped(int (*function)(int), int argument);

/* The same with the lock given up, but as if something jumped away before the lock was taken back:
 * it never is. */
int border_call_abandoned(int (*function)(int), int argument);

/* The type of all of these. */
typedef int border_caller(int (*function)(int), int argument);

#endif
