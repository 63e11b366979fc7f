#!/usr/bin/python3
"""ffitap doctor: what interpreters load for foreign calls, and what stat sees of it."""
import os
import pathlib
import shutil
import subprocess
import sysconfig

import sandbox
from doctor import APPS, TestCase
from sandbox import PYTHON

# Calls getpid() through libffi from a module that has it built in.
BUILT_IN = r"""
#include <Python.h>
#include <ffi.h>
#include <unistd.h>

static PyObject *call(PyObject *self, PyObject *nothing)
{
    ffi_cif cif;
    ffi_arg result = 0;
    ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &ffi_type_sint, NULL);
    ffi_call(&cif, FFI_FN(getpid), &result, NULL);
    return PyLong_FromLong((long)result);
}

static PyMethodDef methods[] = {{"call", call, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_ctypes", NULL, -1, methods};
PyMODINIT_FUNC PyInit__ctypes(void) { return PyModule_Create(&module); }
"""


class Python(TestCase):
    """-S leaves out what else is installed: cffi may have compiled some of it."""

    def test_the_systems_is_seen_fully(self):
        os.mkdir("modules")
        for backend in pathlib.Path("/usr/lib/python3/dist-packages").glob("_cffi_backend.*"):
            shutil.copy(backend, "modules")
        environment = {**os.environ, "PYTHONPATH": os.path.abspath("modules")}
        found = self.program(PYTHON, "-S", "-c", "pass", env=environment)
        self.assert_nothing_wrong(found)
        self.assert_found(found, "ok", "interpreter", f"was asked itself, by {PYTHON} -S -c ...")
        one = self.assert_found(found, "ok", "_ctypes", " calls through ")
        module, libffi = one["files"]
        self.assertEqual(module, __import__("_ctypes").__file__)
        self.assertRegex(libffi, r"/libffi\.so\.\d+$")
        self.assert_found(found, "ok", "_cffi_backend", " calls through ")
        locks = [one for one in found if one["subject"] == "lock"]
        self.assertEqual([one["level"] for one in locks], ["ok", "ok"])
        self.assertIn("PyEval_SaveThread is in the executable;", locks[0]["what"])

    def test_a_lock_in_a_library_is_seen_too(self):
        shutil.copy(APPS / "python_with_library", "python3-with-library")
        found = self.program("./python3-with-library", "-S")
        locks = [one for one in found if one["subject"] == "lock"]
        self.assertEqual([one["level"] for one in locks], ["ok"])
        self.assertRegex(locks[0]["what"], "is in the library /.*/libpython3.*;")

    def test_a_program_with_python_in_it_is_not_asked(self):
        shutil.copy(APPS / "python_with_library", "editor")
        found = self.program("./editor")
        self.assert_found(found, "note", "interpreter", "has Python in it")
        self.assertNotIn("_ctypes", [one["subject"] for one in found])

    def test_one_that_does_not_answer_is_said(self):
        found = self.program(PYTHON, status=1, env={**os.environ, "PYTHONHOME": "/no/where"})
        self.assert_found(found, "warning", "interpreter", "did not answer")

    def test_a_libffi_in_the_module_is_found(self):
        self.compile("_ctypes.so", BUILT_IN, "-shared", "-fPIC",
                     f"-I{sysconfig.get_path('include')}", "-l:libffi_pic.a",
                     "-Wl,--exclude-libs,ALL")
        environment = {**os.environ, "PYTHONPATH": os.getcwd()}
        for _ in range(2):
            found = self.program(PYTHON, "-S", "-c", "", status=1, env=environment)
            one = self.assert_found(found, "warning", "_ctypes", "has a libffi built in")
            self.assertEqual(one["files"], [os.path.abspath("_ctypes.so")])
            subprocess.run(["strip", "_ctypes.so"], check=True)
        counted = self.counted(PYTHON, "-c", "import _ctypes; _ctypes.call()", env=environment)
        self.assertEqual(counted, {})
        self.assertIn("It can be traced in part.", self.said)

    def test_a_libffi_that_cffi_brings_along_is_seen_by_the_name_it_has_there(self):
        os.mkdir("modules")
        shutil.copy(APPS / "calls/libbundled_lazy.so", "modules/_cffi_backend.so")
        environment = {**os.environ, "PYTHONPATH": os.path.abspath("modules")}
        found = self.program(PYTHON, "-S", "-c", "", env=environment, status=1)
        self.assert_found(found, "ok", "_cffi_backend", "calls through a libffi of its own")

    def test_a_module_that_is_no_elf_file_is_said(self):
        pathlib.Path("_ctypes.so").write_text("nonsense")
        found = self.program(PYTHON, "-S", status=1, env={**os.environ, "PYTHONPATH": os.getcwd()})
        self.assert_found(found, "warning", "_ctypes", "could not be looked at: not an ELF file")

    def test_modules_that_cffi_compiled_are_found(self):
        os.makedirs("project/package/deep")
        build = """
import cffi
builder = cffi.FFI()
builder.cdef("int getpid(void);")
builder.set_source("package.deep._compiled", "#include <unistd.h>")
builder.compile()
"""
        subprocess.run([PYTHON, "-c", build], check=True, cwd="project", stdout=subprocess.DEVNULL)
        script = pathlib.Path("project/script.py")
        script.write_text("from package.deep._compiled import lib\nlib.getpid()\n")
        (module,) = pathlib.Path("project/package/deep").glob("*.so")
        subprocess.run(["strip", module], check=True)
        found = self.program(PYTHON, "-S", script, status=1)
        one = self.assert_found(found, "warning", "cffi", "is compiled by cffi (API mode)")
        self.assertEqual(one["files"], [str(module)])
        self.assertEqual(self.counted(PYTHON, script), {})
        self.assert_found(self.program(PYTHON, "-IS", script), "ok", "cffi", "no module")

    def test_a_virtual_environments_own_path_counts(self):
        subprocess.run([PYTHON, "-m", "venv", "--without-pip", "venv"], check=True)
        found = self.program("venv/bin/python3", "-c", "pass")
        self.assert_found(found, "note", "_cffi_backend", "this Python has none")


class Others(TestCase):
    def assert_full(self, program, module, file, lock=None):
        found = self.program(program)
        self.assert_nothing_wrong(found)
        one = self.assert_found(found, "ok", module, " calls through ")
        self.assertRegex(one["files"][0], file)
        self.assertEqual({one["what"].split()[0] for one in found if one["subject"] == "lock"},
                         {lock} if lock else set())

    def test_ruby_is_asked(self):
        self.assert_full("ruby", "fiddle", r"/fiddle\.so$", "rb_thread_call_without_gvl")

    def test_php_is_asked(self):
        self.assert_full("php", "FFI", r"/ffi\.so$")

    def test_perl_is_asked(self):
        self.assert_full("/usr/bin/perl", "FFI::Platypus", r"/Platypus\.so$")

    def test_guile_makes_its_calls_itself(self):
        self.assert_full("guile", "libffi", r"/libguile-3\.0\.so")

    def test_a_lock_that_the_shim_does_not_know_is_said(self):
        shim = pathlib.Path(self.lib, "libffitap-shim.so")
        shim.write_bytes(shim.read_bytes().replace(b"rb_thread_call_without_gvl",
                                                   b"rb_thread_call_without_GVL"))
        found = self.program("ruby", status=1)
        self.assertIn("Ruby's interpreter lock is not watched", self.said)
        self.assertIn("warning", [one["level"] for one in found if one["subject"] == "lock"])


if __name__ == "__main__":
    sandbox.main()
