#!/usr/bin/python3
"""ffitap doctor: each finding about a program's file, which the tests provoke, and what stat sees
of that program."""
import json
import os
import pathlib
import shutil
import struct

import sandbox
from doctor import APPS, TRUE, TestCase

LINKER = "/lib64/ld-linux-x86-64.so.2"
E_MACHINE = 18  # where an ELF header says for which processor it is
EM_386 = 3
CAP_NET_BIND_SERVICE = 10


class Program(TestCase):
    def change(self, offset, data):
        """A copy of a program, with other bytes at some place."""
        image = bytearray(pathlib.Path(TRUE).read_bytes())
        image[offset:offset + len(data)] = data
        pathlib.Path("changed").write_bytes(image)
        os.chmod("changed", 0o755)
        return "./changed"

    def with_linker(self, name):
        """A copy that asks for another dynamic linker."""
        at = pathlib.Path(TRUE).read_bytes().index(LINKER.encode())
        return self.change(at, name.encode().ljust(len(LINKER), b"\0"))

    def test_a_plain_program_is_fine(self):
        found = self.program(TRUE)
        self.assert_nothing_wrong(found)
        self.assert_found(found, "ok", "program", "preloads the shim into it")
        self.assert_found(found, "note", "libffi", "nothing that /usr/bin/true is linked with")
        self.assertTrue(self.said.endswith("\nIt can be traced fully.\n"))

    def test_a_program_that_is_not_there_is_127(self):
        for name in "no-such-program", "./no/such/program", "":
            found = self.program(name, status=127)
            self.assert_found(found, "problem", "program", f"{name or repr('')}: No such file or directory")
        found = self.assert_found(self.program("/dev/null/x", status=127), "problem", "program", "Not a dir")
        self.assertEqual(found["advice"], "correct the name, or install it")
        self.assertIn("It cannot be traced.", self.said)

    def test_what_cannot_be_executed_is_126(self):
        pathlib.Path("text").touch()
        os.symlink("loop", "loop")
        for name, why, advice in [
            ("./text", "Permission denied", "make it executable, or name another"),
            ("./", "Permission denied", "name another"),
            ("./loop", "Too many levels of symbolic links", "name another"),
        ]:
            found = self.assert_found(self.program(name, status=126), "problem", "program", why)
            self.assertEqual(found["advice"], advice)

    def test_a_static_program_is_not_seen(self):
        found = self.program(APPS / "static_program", status=2)
        self.assert_found(found, "problem", "program", "is linked statically")
        self.compile("pie", "int main(void) { return 0; }", "-static-pie")
        self.assert_found(self.program("./pie", status=2), "problem", "program", "linked statically")

    def test_another_processors_program_is_not_seen(self):
        name = self.change(E_MACHINE, struct.pack("<H", EM_386))
        self.assert_found(self.program(name, status=2), "problem", "program", "is not for x86-64")

    def test_another_c_library_is_not_served(self):
        self.write_program("ld-musl-x86_64.so.1", "")
        name = self.with_linker("./ld-musl-x86_64.so.1")
        self.assert_found(self.program(name, status=2), "problem", "linker", "is built for musl")

    def test_another_dynamic_linker_is_said(self):
        shutil.copy(LINKER, "linker.so")
        found = self.program(self.with_linker("./linker.so"), status=1)
        self.assert_found(found, "warning", "linker", "a dynamic linker of its own, ./linker.so")
        os.unlink("linker.so")
        found = self.program("./changed", status=127)
        self.assert_found(found, "problem", "linker", "./linker.so: No such file or directory")

    def test_a_damaged_program_is_said(self):
        image = pathlib.Path(TRUE).read_bytes()
        pathlib.Path("cut").write_bytes(image[:40])
        os.chmod("cut", 0o755)
        self.assert_found(self.program("./cut", status=1), "warning", "program", "could not be looked")

    def test_a_missing_library_is_found(self):
        self.compile("libgone.so", "int gone;", "-shared", "-fPIC")
        self.compile("program", "extern int gone; int main(void) { return gone; }", "-L.", "-lgone")
        found = self.program("./program", status=2)
        self.assert_found(found, "problem", "program", "needs libgone.so, which")
        self.assert_nothing_wrong(self.program("env", "LD_LIBRARY_PATH=.", "./program"))

    def test_a_link_finds_what_lies_beside_the_program(self):
        os.mkdir("place")
        self.compile("place/libbeside.so", "int beside;", "-shared", "-fPIC")
        self.compile("place/program", "extern int beside; int main(void) { return beside; }",
                     "-Lplace", "-lbeside", "-Wl,-rpath,$ORIGIN")
        os.symlink("place/program", "link")
        found = self.program("./link")
        self.assert_nothing_wrong(found)
        self.assert_found(found, "ok", "program", "./link is linked dynamically")
        self.assertTrue(self.sees("./link"))

    @sandbox.needs_root
    def test_privileges_keep_the_shim_out(self):
        attribute = struct.pack("<IIIII", 0x02000001, 1 << CAP_NET_BIND_SERVICE, 0, 0, 0)
        for name in "own", "user", "group", "capable":
            shutil.copy(TRUE, name)
        os.chmod("own", 0o4755)
        os.chown("user", sandbox.NOBODY, 0)
        os.chmod("user", 0o4755)
        os.chown("group", 0, sandbox.NOBODY)
        os.chmod("group", 0o2755)
        os.setxattr("capable", "security.capability", attribute)
        self.assert_nothing_wrong(self.program("./own"))
        self.assert_nothing_wrong(self.program("./capable"))  # root has them anyway
        for name, words in ("user", "is set-user-ID"), ("group", "is set-group-ID"):
            found = self.program(f"./{name}", status=2)
            self.assert_found(found, "problem", "privileges", words)
            self.assertFalse(self.sees(f"./{name}"))
        self.assertTrue(self.sees("./own"))
        found = self.program("./capable", status=2, prefix=sandbox.AS_NOBODY)
        self.assert_found(found, "problem", "privileges", "is given capabilities")
        self.assert_nothing_wrong(
            self.program("./user", prefix=["setpriv", "--no-new-privs"]))

    def sees(self, name):
        """Whether stat sees the process itself."""
        self.run_ffitap("stat", "--json", "stat.json", name)
        return bool(json.loads(pathlib.Path("stat.json").read_text())["objects"])

    def test_a_script_is_followed_to_its_interpreter(self):
        self.write_program("script", "#! /usr/bin/env -S python3 -IS\n")
        found = self.program("./script", env={**os.environ, "PATH": "/usr/bin"})
        self.assert_nothing_wrong(found)
        one = self.assert_found(found, "ok", "script", "is run by /usr/bin/env -S python3 -IS")
        self.assertEqual(one["files"], ["./script"])
        self.assert_found(found, "ok", "interpreter", "Python 3.")

    def test_an_interpreter_with_a_relative_name_is_one_in_this_directory(self):
        os.symlink("/bin/sh", "sh")
        self.write_program("script", "#!sh -x\n")
        found = self.program("./script")
        self.assert_found(found, "ok", "script", "./script is run by sh -x")
        self.assert_found(found, "note", "interpreter", "is a shell")

    def test_a_script_without_its_interpreter_is_127(self):
        self.write_program("script", "#!/no/such/interpreter\n")
        found = self.program("./script", status=127)
        self.assert_found(found, "problem", "program", "/no/such/interpreter: No such file")
        self.write_program("script", "#!/usr/bin/env no-such-interpreter\n")
        found = self.program("./script", status=127)
        self.assert_found(found, "problem", "program", "no-such-interpreter: No such file")

    def test_scripts_that_nothing_runs_are_126(self):
        self.write_program("itself", f"#!{os.path.abspath('itself')}\n")
        found = self.program("./itself", status=126)
        self.assert_found(found, "problem", "program", "Too many levels")

    def test_a_script_without_a_first_line_runs_in_the_shell(self):
        for text in "exit 7\n", "#!  \nexit 7\n":
            self.write_program("script", text)
            found = self.program("./script")
            self.assert_found(found, "ok", "script", "is run by /bin/sh")
            self.assert_found(found, "note", "interpreter", "is a shell")

    def test_an_environment_without_the_shim_is_found(self):
        for words in ["-i"], ["-u", "LD_PRELOAD"], ["--unset=LD_PRELOAD"], ["LD_PRELOAD=libz.so.1"]:
            with self.subTest(words):
                found = self.program("env", *words, TRUE, status=2)
                self.assert_found(found, "problem", "environment", "takes LD_PRELOAD out")
                self.assertEqual(len(found), 1)
        self.assert_nothing_wrong(self.program("env", "-u", "X", "Y=z", "--", TRUE))
        found = self.program("env", "--chdir=/", TRUE, status=1)
        self.assert_found(found, "warning", "environment", "env --chdir=/ does was not followed")

    def test_other_roots_and_users_are_named(self):
        found = self.program("chroot", "/", TRUE, status=1,
                             env={**os.environ, "PATH": "/usr/sbin:/usr/bin:/bin"})
        self.assert_found(found, "warning", "program", "starts programs in another root")

    def test_a_libffi_in_the_program_is_found(self):
        text = """#include <ffi.h>
#include <unistd.h>
int main(void)
{
    ffi_cif cif;
    ffi_arg result;
    ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &ffi_type_sint, 0);
    ffi_call(&cif, FFI_FN(getpid), &result, 0);
    return 0;
}
"""
        self.compile("static", text, "-l:libffi.a")
        found = self.program("./static", status=1)
        self.assert_found(found, "warning", "libffi", "./static has a libffi built in")
        self.assertEqual(self.counted("./static"), {})
        self.compile("shared", text, "-lffi")
        found = self.program("./shared")
        self.assert_found(found, "ok", "libffi", "./shared calls through /")
        self.assertEqual(list(self.counted("./shared").values()), [1])

    def test_calls_with_closures_of_gos_are_calls(self):
        self.compile("go", "void ffi_call_go(void); int main(void) { ffi_call_go(); return 0; }",
                     "-lffi")
        found = self.program("./go")
        self.assert_found(found, "ok", "libffi", "./go calls through /")

    def test_calls_through_plans_of_a_libffi_that_is_brought_along_are_calls(self):
        folder = f"{APPS}/ways/plan"
        found = self.program(f"{folder}/values")
        calls = f"{folder}/values calls through {folder}/../libffi-5ca1ab1e.so"
        self.assert_found(found, "ok", "libffi", calls)
        self.assertEqual([one["what"] for one in found if one["subject"] == "libffi"], [calls])

    def test_more_callers_than_there_are_hooks_are_found(self):
        names = [f"caller{number}" for number in range(17)]
        for name in names:
            self.compile(f"lib{name}.so", f"void ffi_call(void); void {name}(void) {{ ffi_call(); }}",
                         "-shared", "-fPIC", "-lffi")
        calls = "".join(f"{name}();" for name in names)
        self.compile("many", "".join(f"void {name}(void);" for name in names) +
                     f"int main(void) {{ if (0) {{ {calls} }} return 0; }}", "-Wl,--no-as-needed",
                     "-L.", "-Wl,-rpath,$ORIGIN", *[f"-l{name}" for name in names])
        found = self.program("./many", status=1)
        self.assert_found(found, "warning", "libffi", "17 objects call through libffi")


if __name__ == "__main__":
    sandbox.main()
