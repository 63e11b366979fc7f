"""The manual pages: well written for mandoc, and of the options that there are."""

import re

import harness
import options

PAGES = harness.SOURCE / "tools" / "ffitap"


def page_of(command):
    return PAGES / f"{'-'.join(['ffitap', *command])}.1"


def rendered(page):
    done = harness.run("mandoc", "-Tascii", page, text=True)
    assert done.returncode == 0, done.stderr
    return re.sub(".\b", "", done.stdout)


def section(text, name):
    return re.search(rf"^{name}\n(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)[1]


def documented(text):
    """The options that have a paragraph, and what they take, if anything."""
    found = {}
    for heads in re.findall(r"^     (-\S+(?:, -\S+)*)(?:$|  )", text, re.MULTILINE):
        words = [re.fullmatch(r"(--?[\w?-]+)(?:=(\S+))?", head) for head in heads.split(", ")]
        for word in words:
            found[word[1]] = words[-1][2] or ""
    return found


class Manual(harness.Case):
    def setUp(self):
        super().setUp()
        self.commands = [(), *((name,) for name in options.commands() if name != "help")]

    def test_mandoc_has_no_warning(self):
        done = harness.run("mandoc", "-Tlint", "-Wwarning", *PAGES.glob("*.1"), text=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_the_overview_names_every_command(self):
        text = rendered(page_of(()))
        named = re.findall(r"^     (\w+)  +\w", section(text, "DESCRIPTION"), re.MULTILINE)
        self.assertEqual(named, list(options.commands()))

    def test_each_option_has_its_paragraph(self):
        for command in self.commands:
            with self.subTest(command):
                found = documented(rendered(page_of(command)))
                expected = {"-?": ""}
                for option in options.of(*command):
                    expected |= dict.fromkeys(option.names, option.argument)
                self.assertEqual(found.keys(), expected.keys())
                for name, argument in expected.items():
                    self.assert_same_argument(found[name], argument, name)

    def assert_same_argument(self, found, argument, name):
        """A name may be longer in a page: DIR is "directory" there."""
        if argument.isalpha():
            self.assertRegex(found, rf"\A{argument[0].lower()}[a-z]*\Z", name)
        else:
            self.assertEqual(found, argument.lower(), name)

    def test_each_option_is_in_the_synopsis(self):
        for command in self.commands[1:]:
            with self.subTest(command):
                synopsis = section(rendered(page_of(command)), "SYNOPSIS")
                for option in options.of(*command)[:-3]:  # the last are every command's
                    if option.argument:
                        ways = [f"[{option.long}="] + [f"[{option.short} "] * bool(option.short)
                    else:
                        ways = [f"[{name}]" for name in option.names]
                    self.assertTrue(any(way in synopsis for way in ways), option)


class Spelling(harness.Case):
    """An option with an argument is written --option=ARGUMENT in whatever one may copy."""

    def assert_spelled(self, text):
        lines = re.findall(r"\bffitap (\w+) (.*?)(?: \| |$)", text, re.MULTILINE)
        self.assertGreater(len(lines), 0)
        for command, words in lines:
            for option in options.of(command):
                if option.argument:
                    self.assertNotRegex(words, rf"{option.long}(?!=|-)\b")

    def test_in_the_readme(self):
        text = (harness.SOURCE / "README.md").read_text()
        code = re.findall(r"^\$ .*$|`ffitap \w+ [^`\n]+`", text, re.MULTILINE)
        self.assert_spelled("\n".join(code))

    def test_in_the_examples_of_the_pages(self):
        for page in PAGES.glob("ffitap-*.1"):
            text = rendered(page)
            if "\nEXAMPLES\n" in text:
                self.assert_spelled(section(text, "EXAMPLES"))


if __name__ == "__main__":
    harness.main()
