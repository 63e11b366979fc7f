/*
 * An extension module for a free-threaded CPython. It makes its foreign calls through libffitap.
 * tests/e2e/test_free_threaded.py builds it twice: with WITHOUT_LOCK as a module that needs no
 * interpreter lock, and without as a module that makes the interpreter turn its lock on.
 */
#include <Python.h>

#include <ffitap/ffitap.h>

#define JOIN(a, b)    a##b
#define INIT_OF(name) JOIN(PyInit_, name)
#define TEXT_OF(name) #name
#define NAME_OF(name) TEXT_OF(name)

/* call(keeps, times): getppid() through a PyDLL or a CDLL. */
static PyObject *call(PyObject *self, PyObject *arguments)
{
    struct ffitap_library *libc;
    struct ffitap_function *getppid_there;
    struct ffitap_error error = {0};
    int keeps, times, result;

    (void)self;
    if (!PyArg_ParseTuple(arguments, "ii", &keeps, &times))
        return NULL;
    if (ffitap_loader_borrow_library(keeps ? ffitap_pydll() : ffitap_cdll(), "libc.so.6", &libc,
                                     &error) == FFITAP_OK &&
        ffitap_function_borrow(libc, "getppid", &getppid_there, &error) == FFITAP_OK)
        while (times > 0 &&
               ffitap_function_call(getppid_there, &result, NULL, 0, &error) == FFITAP_OK)
            times--;
    if (times > 0)
        return PyErr_Format(PyExc_RuntimeError, "%s", error.text);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"call", call, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {
#ifdef WITHOUT_LOCK
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = NAME_OF(MODULE),
                                    .m_methods = methods, .m_slots = slots};

PyMODINIT_FUNC INIT_OF(MODULE)(void)
{
    return PyModuleDef_Init(&module);
}
