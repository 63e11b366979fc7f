/* The lock of an interpreter that no other thread wants, under CPython's names, for the program. */
void *PyEval_SaveThread(void);
void PyEval_RestoreThread(void *state);

static int state;

void *PyEval_SaveThread(void)
{
    return &state;
}

void PyEval_RestoreThread(void *held)
{
    (void)held;
}
