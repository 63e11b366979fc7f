/*
 * Runs code in an interpreter of its own, in the same process and under the same lock. The
 * functions are those of the CPython that loads this library, whichever that is; the caller holds
 * the lock.
 */
#include <stddef.h>

void *PyThreadState_Get(void);
void *PyThreadState_Swap(void *state);
void *Py_NewInterpreter(void);
void Py_EndInterpreter(void *state);
int PyRun_SimpleStringFlags(const char *code, void *flags);

int interpreter_run(const char *code);

int interpreter_run(const char *code)
{
    void *ours = PyThreadState_Get();
    void *theirs = Py_NewInterpreter();
    int result = -1;

    if (theirs) {
        result = PyRun_SimpleStringFlags(code, NULL);
        Py_EndInterpreter(theirs);
    }
    PyThreadState_Swap(ours);
    return result;
}
