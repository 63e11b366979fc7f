/* What stands in for a free-threaded CPython, as its users see it. */
#ifndef FREE_THREADING_STUB_H
#define FREE_THREADING_STUB_H

void *PyEval_SaveThread(void);
void PyEval_RestoreThread(void *state);

/* Turns the interpreter lock of the stand-in on or off. */
void stub_turn_lock(int on);

#endif
