"""Programs that a program runs and that ffitap cannot see. Each is named, with the reason,
whichever function started it, and the program that runs them notices nothing."""

import json
import os
import shutil

import harness
import modes
import sandbox

APPS = harness.BUILD / "tests" / "apps"
STATIC = APPS / "static_program"
STARTING = APPS / "starting"

EXECS = (
    "execl execle execlp execv execve execvp execvpe fexecve execveat relative_execv thread handler"
).split()
# These functions take an environment.
GIVEN = "execle execve execvpe fexecve execveat posix_spawn posix_spawnp vfork".split()
SPAWNS = "posix_spawn posix_spawnp vfork".split()

WITHOUT = ", and its environment lacked LD_PRELOAD and FFITAP_STAT_DIR as ffitap had set them"
IS_STATIC = f"it ran {STATIC}, which is statically linked"

SHELLS = """
#include <stdio.h>
#include <stdlib.h>
int main(void) { clearenv(); return system("exit 3") != 3 << 8 || pclose(popen("exit 4", "r")) != 4 << 8; }
"""

# Functions that have names of the C library's but do something else.
OTHER_SYSTEM = "long system(long a, long b, long c) { return a + b + c; }\n"
CALLER = "long system(long a, long b, long c); long call(void) { return system(100, 20, 3); }\n"
PROGRAM = "#include <stdio.h>\nlong call(void); int main(void) { printf(\"%ld\\n\", call()); return 0; }\n"

# Visible children in every way of Python's, many of them at the same time.
CROWD = """
import os, subprocess, sys, threading
def run():
    for _ in range(5):
        subprocess.run(["/bin/true"], check=True)
        subprocess.run(["true"], check=True, preexec_fn=lambda: None)
        subprocess.run("true; exec true", shell=True, check=True)
        assert os.waitpid(os.posix_spawnp("true", ["true"], os.environ), 0)[1] == 0
        assert os.system("true") == 0
        try: subprocess.run(["/nowhere/at/all"])
        except FileNotFoundError: pass
threads = [threading.Thread(target=run) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""

# A shell is replaced by another program. late_note.so, which is preloaded, makes sure that both
# notes are there.
SPAWN = """
import os
assert "late_note.so" in open("/proc/self/maps").read()
child = os.{function}("/bin/sh", ["sh", "-c", "exec {program}"], os.environ)
assert os.waitpid(child, 0)[1] == 0
"""

# A child in a root directory where there is nothing but the program.
CHROOT = """
import os, sys
if os.fork() == 0:
    os.chroot(sys.argv[1])
    try: os.execv("/nowhere", ["nowhere"])
    except FileNotFoundError: pass
    os.execv("/static_program", ["static_program"])
assert os.wait()[1] == 0
"""


class Unseen(modes.Case):
    def notes(self):
        return sorted(path.name for path in (self.data / "stat").glob("*.exec"))

    def unseen(self, is_command=False):
        """Why each process was not seen. It is a loss only if the command itself was not seen."""
        losses = self.report()["losses"]
        self.assertEqual(losses["damaged"], [])
        self.assertEqual(losses["lower_bound"], is_command)
        return [(one["pid"], one["why"]) for one in losses["unseen_processes"]]

    def run_well(self, mode, *command, **options):
        done = self.run_in(mode, *command, timeout=100, **options)
        self.assertEqual(done.returncode, 0, (done.stdout, done.stderr.decode()))
        return done

    def unseen_of(self, *command, mode="stat", **options):
        """What one run did not see."""
        shutil.rmtree(self.folder / mode, ignore_errors=True)
        done = self.run_well(mode, *command, **options)
        return done, self.unseen()

    def started(self, *command, mode="stat", **options):
        """The number of the only unseen child of tests/apps/starting, and why it was not seen."""
        done, ((pid, why),) = self.unseen_of(STARTING, *command, mode=mode, **options)
        self.assertEqual(pid, int(done.stdout.split()[-1]))
        return why

    def test_nothing_changes(self):
        plain = self.folder / "plain"
        plain.write_text('echo plain "$@"; exit 4\n')
        plain.chmod(0o755)
        _, reports = self.assert_same(STARTING, "all", self.folder)
        for mode, report in reports.items():
            self.assert_complete(report)
            self.data = self.folder / mode
            self.assertLessEqual(len(self.notes()), 3, "of posix_spawn, where they came too late")

    def build(self, name, source, *options):
        written = self.folder / f"{name}.c"
        written.write_text(source)
        harness.run("cc", "-w", "-o", self.folder / name, written, *options, check=True)
        return self.folder / name

    def test_functions_of_other_meaning(self):
        """Functions of a library, which the library prefers to others, and functions of the
        program."""
        shared = "-shared", "-fPIC", "-Wl,-z,now", f"-Wl,-rpath,{self.folder}"
        other = self.build("libother.so", OTHER_SYSTEM, *shared)
        prefers = self.build("libprefers.so", CALLER, *shared, other)
        line = f"import ctypes, os; print(ctypes.CDLL('{prefers}', os.RTLD_DEEPBIND | 2).call())"
        plain, _ = self.assert_same(harness.PYTHON, "-c", line)
        self.assertEqual(plain.stdout, b"123\n", plain.stderr)
        caller = self.build("libcaller.so", CALLER, *shared)
        program = self.build("program", PROGRAM + OTHER_SYSTEM, "-rdynamic", caller, shared[-1])
        plain, _ = self.assert_same(program)
        self.assertEqual(plain.stdout, b"123\n", plain.stderr)

    def test_a_static_child_by_each_function(self):
        for function in EXECS + SPAWNS:
            with self.subTest(function):
                self.assertEqual(
                    self.started("one", function, STATIC).replace("/./", "/"), IS_STATIC
                )

    def test_a_static_child_under_record(self):
        for function in "execv", "posix_spawn":
            with self.subTest(function):
                self.assertEqual(self.started("one", function, STATIC, mode="record"), IS_STATIC)

    def test_a_child_without_an_environment_by_each_function(self):
        program = self.folder / "true"
        shutil.copy("/bin/true", program)
        for function in GIVEN:
            with self.subTest(function):
                why = self.started("bare", function, program)
                self.assertEqual(why, f"it ran {program}{WITHOUT}")

    def test_a_child_that_lacks_one_variable(self):
        for name in "LD_PRELOAD", "FFITAP_STAT_DIR":
            with self.subTest(name):
                _, ((_, why),) = self.unseen_of("env", "sh", "-c", f"env -u {name} /bin/true; true")
                self.assertEqual(
                    why, f"it ran /bin/true, and its environment lacked {name} as ffitap had set it"
                )

    def test_shells_without_an_environment(self):
        program = self.build("shells", SHELLS)
        for mode in "stat", "record":
            _, unseen = self.unseen_of(program, mode=mode)
            self.assertEqual([pid for pid, _ in unseen], [0, 0])
            for _, why in unseen:
                self.assertRegex(
                    why, rf"^system\(3\) or popen\(3\) of process \d+ ran /bin/sh{WITHOUT}$"
                )

    def test_the_table_names_them(self):
        self.run_well("stat", STARTING, "one", "execv", STATIC)
        table = harness.run(harness.FFITAP, "report", self.data).stdout.decode()
        self.assertRegex(table, rf"\n  process \d+ was not seen: {IS_STATIC}\n")

    def test_exec_in_place(self):
        for mode in "stat", "record":
            _, ((pid, why),) = self.unseen_of("sh", "-c", f"exec {STATIC}", mode=mode)
            self.assertEqual((pid, why), (self.report()["processes"][0]["pid"], IS_STATIC))

    def test_the_command_itself(self):
        os.symlink(STATIC, self.folder / "link")
        self.run_well("stat", "./link", cwd=self.folder)
        ((_, why),) = self.unseen(is_command=True)
        self.assertEqual(why, IS_STATIC)

    def test_visible_children_leave_nothing(self):
        for mode in "stat", "record":
            with self.subTest(mode):
                _, unseen = self.unseen_of(harness.PYTHON, "-c", CROWD, mode=mode)
                self.assertEqual(unseen, [])

    def test_a_note_is_taken_away_by_who_is_seen(self):
        self.run_well("stat", "sh", "-c", "env true; true; true")
        self.assertEqual(self.notes(), [])

    def test_a_library_that_wraps_the_functions(self):
        environment = {"LD_PRELOAD": str(APPS / "wrapped_exec.so")}
        for function in "execv", "posix_spawn":
            with self.subTest(function):
                _, unseen = self.unseen_of(STARTING, "one", function, "/bin/true", env=environment)
                self.assertEqual(unseen, [])
                self.assertEqual(len(self.notes()), function == "posix_spawn", "it came too late")
                self.assertEqual(self.started("one", function, STATIC, env=environment), IS_STATIC)

    def test_a_note_that_comes_after_the_childs_own(self):
        """A process spawns a shell that runs another program in its place. The note of the spawning
        process may come last."""
        environment = {"LD_PRELOAD": str(APPS / "late_note.so")}
        for mode in "stat", "record":
            for function in "posix_spawn", "posix_spawnp":
                for program, why in (("/bin/true", []), (STATIC, [IS_STATIC])):
                    with self.subTest((mode, function, program)):
                        line = SPAWN.format(function=function, program=program)
                        _, unseen = self.unseen_of(
                            harness.PYTHON, "-c", line, mode=mode, env=environment
                        )
                        self.assertEqual([one for _, one in unseen], why)

    def test_a_script_with_an_unseen_interpreter(self):
        script = self.folder / "script"
        script.write_text(f"#! {STATIC} -x\n")
        script.chmod(0o755)
        self.assertEqual(
            self.started("one", "execv", script),
            f"it ran {script}, a script that is run by {STATIC}, which is statically linked",
        )

    def test_a_program_that_is_gone(self):
        program = self.folder / "gone"
        shutil.copy(STATIC, program)
        line = f"{program}; rm {program}; true"
        _, ((_, why),) = self.unseen_of("sh", "-c", line)
        self.assertEqual(why, f"it ran {program}, which is not there any more")

    def test_a_name_that_is_no_text(self):
        program = os.fsencode(self.folder) + b"/odd \xff\n name"
        shutil.copy(STATIC, program)
        done = self.run_in("stat", STARTING, "one", "execv", os.fsdecode(program))
        self.assertEqual(done.returncode, 0)
        ((_, why),) = self.unseen()
        self.assertEqual(why, f"it ran {self.folder}/odd \ufffd\n name, which is statically linked")

    def test_a_very_long_name(self):
        folder = self.folder
        for _ in range(6):
            folder = folder / ("x" * 200)
        folder.mkdir(parents=True)
        shutil.copy(STATIC, folder)
        why = self.started("one", "execv", folder / STATIC.name)
        self.assertRegex(why, r"^it ran /\S*xxx: it is statically linked, or set-user-ID, or ")

    @sandbox.needs_root
    def test_a_set_user_id_child(self):
        program, ffitap = self.make_set_user_id()
        for mode in "stat", "record":
            with self.subTest(mode):
                self.data = self.folder / mode
                done = harness.run(
                    *sandbox.AS_NOBODY, ffitap, mode, "-o", self.data, "--",
                    "sh", "-c", f"{program} -u; true", cwd=self.folder, timeout=60,
                )  # fmt: skip
                self.assertEqual((done.returncode, done.stdout), (0, b"0\n"), done.stderr.decode())
                ((_, why),) = self.unseen()
                self.assertEqual(why, f"it ran {program}, which is set-user-ID")

    @sandbox.needs_root
    def test_a_child_that_can_leave_no_note(self):
        root = self.folder / "root"
        root.mkdir()
        shutil.copy(STATIC, root)
        for mode in "stat", "record":
            _, ((_, why),) = self.unseen_of(harness.PYTHON, "-c", CHROOT, root, mode=mode)
            self.assertEqual(
                why,
                "it ran a program of which nothing came and no note could be left: "
                "No such file or directory",
            )

    def test_notes_are_files_when_the_recording_has_ended(self):
        for mode in "stat", "record":
            self.run_well(mode, STARTING, "one", "execv", STATIC)
            (name,) = self.notes()
            self.assertFalse((self.data / "stat" / name).is_symlink())

    def test_folders_without_a_recording(self):
        self.data = self.folder / "bare"
        self.data.mkdir()
        environment = modes.preloaded(dict(os.environ, FFITAP_STAT_DIR=str(self.data)))
        harness.run(STARTING, "one", "execv", STATIC, env=environment, check=True)
        ((_, why),) = self.unseen()
        self.assertEqual(why, IS_STATIC)

    def test_a_recording_of_another_machine(self):
        """On this machine a program of the same name may be another one."""
        self.run_well("stat", STARTING, "one", "execv", STATIC)
        description = self.data / "recording"
        written = json.loads(description.read_text())
        description.write_text(json.dumps(dict(written, host="some-other-host")))
        ((_, why),) = self.unseen()
        self.assertRegex(why, f"^it ran {STATIC}: it is statically linked, or set-user-ID, or ")

    def test_top_lists_it(self):
        self.run_well("stat", STARTING, "one", "execv", STATIC)
        done = harness.run(harness.FFITAP, "top", "--once", self.data)
        self.assertRegex(done.stdout.decode(), rf"process \d+ was not seen: {IS_STATIC}\n")

    def test_a_recording_inside_another_is_not_missed(self):
        _, unseen = self.unseen_of(
            harness.FFITAP, "stat", "-o", self.folder / "inner", "--", "sh", "-c", "true; true"
        )
        self.assertEqual(unseen, [])


if __name__ == "__main__":
    harness.main()
