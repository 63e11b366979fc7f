/* The lock of an interpreter that nobody competes for, by CPython's names, of the program. */
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
