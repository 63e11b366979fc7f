"""What `cmake --install` puts somewhere works from there."""

import harness


class Installed(harness.Case):
    def test_it_records_and_reports(self):
        prefix = self.folder / "prefix"
        done = harness.run("cmake", "--install", harness.BUILD, "--prefix", prefix)
        self.assertEqual(done.returncode, 0, done.stderr)
        ffitap = prefix / "bin" / "ffitap"
        call = "import ctypes; ctypes.CDLL('libc.so.6').abs(-1)"
        for command in (
            ("record", "-o", self.data, "--", harness.PYTHON, "-c", call),
            ("report", "-o", self.folder / "report.txt", self.data),
        ):
            done = harness.run(ffitap, *command)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("abs (libc.so.6)", (self.folder / "report.txt").read_text())
        self.assertTrue((prefix / "share/ffitap/ffitap-report-1.schema.json").exists())


if __name__ == "__main__":
    harness.main()
