/*
 * A program that embeds CPython shows what Python's other threads can do while the main thread is
 * in native code. One thread counts. The main thread sleeps in libc's usleep(), which it calls in
 * two ways.
 *
 *     cc python_lock.c -o python_lock $(pkg-config --cflags --libs ffitap python3-embed)
 *     ffitap record ./python_lock && ffitap report
 *
 * Nothing here says that there is an interpreter: ffitap finds CPython when it is in the process.
 */
#include <Python.h>

#include <ffitap/ffitap.h>

#define NAP_US 200000u

/* A thread that counts as fast as it can, whenever the interpreter lock lets it. */
static const char counting[] = "import threading\n"
                               "counter, running = 0, True\n"
                               "def count():\n"
                               "    global counter\n"
                               "    while running:\n"
                               "        counter += 1\n"
                               "thread = threading.Thread(target=count)\n"
                               "thread.start()\n";

/* Returns how far the counting thread came. To read a variable runs no Python code, and so this
 * thread keeps the lock. */
static long read_counter(void)
{
    PyObject *variables = PyModule_GetDict(PyImport_AddModule("__main__"));

    return PyLong_AsLong(PyDict_GetItemString(variables, "counter"));
}

/* usleep() as the libraries of `loader` call it. NULL, and `error` says why, if there is none. */
static struct ffitap_function *find_usleep(struct ffitap_loader *loader, struct ffitap_error *error)
{
    const struct ffitap_type *useconds = ffitap_type_borrow(FFITAP_TYPE_UINT);
    struct ffitap_library *libc;
    struct ffitap_function *usleep_there;

    /* All of it is the loader's: there is nothing to release. An undeclared result is int. */
    if (ffitap_loader_borrow_library(loader, "libc.so.6", &libc, error) != FFITAP_OK ||
        ffitap_function_borrow(libc, "usleep", &usleep_there, error) != FFITAP_OK ||
        ffitap_function_set_arguments(usleep_there, &useconds, 1, error) != FFITAP_OK)
        return NULL;
    return usleep_there;
}

/* Sleeps in native code and prints how far the other thread came in that time. */
static enum ffitap_status take_nap(const char *how, struct ffitap_loader *loader,
                                   struct ffitap_error *error)
{
    struct ffitap_function *usleep_there = find_usleep(loader, error);
    unsigned duration_us = NAP_US;
    void *arguments[] = {&duration_us};
    int result = 0;

    if (!usleep_there)
        return error->status;
    const long before = read_counter();
    const enum ffitap_status status =
        ffitap_function_call(usleep_there, &result, arguments, 1, error);
    const long after = read_counter();
    if (status != FFITAP_OK)
        return status;
    printf("%s: usleep(%u) gave %d, the other thread counted %ld\n", how, duration_us, result,
           after - before);
    return FFITAP_OK;
}

int main(void)
{
    struct ffitap_error error = {0};

    Py_Initialize();
    if (PyRun_SimpleString(counting) != 0)
        return 1;

    /* A CDLL gives the lock up while it is in native code: the other thread goes on. */
    enum ffitap_status status = take_nap("CDLL", ffitap_cdll(), &error);

    /* A PyDLL keeps it, for functions that use the interpreter themselves: Python stands still. */
    if (status == FFITAP_OK)
        status = take_nap("PyDLL", ffitap_pydll(), &error);
    if (status != FFITAP_OK)
        fprintf(stderr, "python_lock: %s: %s\n", ffitap_status_text(status), error.text);

    PyRun_SimpleString("running = False\nthread.join()\n");
    return Py_FinalizeEx() == 0 && status == FFITAP_OK ? 0 : 1;
}
