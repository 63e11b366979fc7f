"""The manual pages are well written for mandoc, and describe the options, events and keys that
there are."""

import json
import re

import harness
import options
import pages
import sessions

PROVIDER = harness.SOURCE / "tracepoints" / "provider.h"
SCHEMA = harness.SOURCE / "tools" / "report" / "ffitap-report-1.schema.json"
EXPORTS = harness.SOURCE / "tests" / "abi" / "libffitap.exports"


def documented(text):
    """The options that have a paragraph in a page, and what each takes, if anything."""
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
        done = harness.run("mandoc", "-Tlint", "-Wwarning", *pages.ALL, text=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_the_overview_names_every_command(self):
        text = pages.rendered(pages.of_command(()))
        named = re.findall(r"^     (\w+)  +\w", pages.section(text, "DESCRIPTION"), re.MULTILINE)
        self.assertEqual(named, list(options.commands()))

    def test_each_option_has_its_paragraph(self):
        for command in self.commands:
            with self.subTest(command):
                found = documented(pages.rendered(pages.of_command(command)))
                expected = {"-?": ""}
                for option in options.of(*command):
                    expected |= dict.fromkeys(option.names, option.argument)
                self.assertEqual(found.keys(), expected.keys())
                for name, argument in expected.items():
                    self.assert_same_argument(found[name], argument, name)

    def assert_same_argument(self, found, argument, name):
        """The name of an argument may be longer in a page: DIR is "directory" there."""
        if argument.isalpha():
            self.assertRegex(found, rf"\A{argument[0].lower()}[a-z]*\Z", name)
        else:
            self.assertEqual(found, argument.lower(), name)

    def test_each_option_is_in_the_synopsis(self):
        for command in self.commands[1:]:
            with self.subTest(command):
                synopsis = pages.section(pages.rendered(pages.of_command(command)), "SYNOPSIS")
                for option in options.of(*command)[:-3]:  # the last are every command's
                    if option.argument:
                        ways = [f"[{option.long}="] + [f"[{option.short} "] * bool(option.short)
                    else:
                        ways = [f"[{name}]" for name in option.names]
                    self.assertTrue(any(way in synopsis for way in ways), option)


    def test_the_overview_names_every_topic(self):
        text = pages.rendered(pages.of_command(()))
        named = re.findall(r"^     (\w+)(?:$|  )", pages.section(text, "TOPICS"), re.MULTILINE)
        self.assertEqual(named, options.topics())

    def test_each_reference_is_to_a_page_that_there_is(self):
        """This is about our pages; the pages of others need not be installed here."""
        ours = {page.name for page in pages.ALL}
        for page in pages.ALL:
            for name, number in re.findall(r"^\.Xr (\S+) (\d)", page.read_text(), re.MULTILINE):
                if "ffitap" in name:
                    self.assertIn(f"{name}.{number}", ours, page.name)


def tagged(page, macro):
    """For each subsection that has any, the words that stand with that macro in the heads of its
    list."""
    found = {}
    for part in re.split(r"^\.Ss ", page.read_text(), flags=re.MULTILINE)[1:]:
        name, _, text = part.partition("\n")
        text = text.partition("\n.Sh ")[0]
        heads = re.findall(rf"^\.It {macro} (.*)$", text, re.MULTILINE)
        if heads:
            found[name] = [word for head in heads for word in head.split(" , ")]
    return found


def header_with(text):
    """The text of the only header that contains this text."""
    texts = [path.read_text() for path in (harness.SOURCE / "src").rglob("*.h")]
    (found,) = [one for one in texts if text in one]
    return found


class Events(harness.Case):
    def setUp(self):
        super().setUp()
        self.page = pages.FOLDER / "ffitap-events.7"
        self.provider = PROVIDER.read_text()

    def events(self):
        """The fields of each event, in their order."""
        found = {}
        for part in self.provider.split("\nLTTNG_UST_TRACEPOINT_EVENT(ffitap, ")[1:]:
            name, _, text = part.partition(",")
            text = text.partition("LTTNG_UST_TRACEPOINT_LOGLEVEL")[0]
            enumerations = r"lttng_ust_field_enum\(ffitap, \w+, \w+, (\w+),"
            others = r"lttng_ust_field_\w+\((?:\w+, )?(\w+), event->"
            found[name] = re.findall(rf"{enumerations}|{others}", text)
            found[name] = [one or other for one, other in found[name]]
            self.assertEqual(len(found[name]), text.count("lttng_ust_field_"), name)
        return found

    def test_each_event_and_each_field_is_there(self):
        events = self.events()
        self.assertGreater(len(events), 0)
        self.assertEqual(tagged(self.page, "Va"), events)

    def test_each_event_of_the_tap_is_one_of_these(self):
        text = header_with("#define FFITAP__EVENT_MAP(X)")
        maps = re.findall(r"define FFITAP__\w*EVENT_MAP\(X\)(.*?)\n\n", text, re.DOTALL)
        events = re.findall(r"X\((\w+), \w+\)", "".join(maps))
        self.assertEqual(sorted(events), sorted(self.events()))

    def test_each_value_of_an_enumeration_is_there(self):
        values = re.findall(r'lttng_ust_field_enum_value\("(\w+)"', self.provider)
        named = re.findall(r"^\.Cm (\w+)", self.page.read_text(), re.MULTILINE)
        self.assertGreater(len(values), 0)
        self.assertEqual(set(values) - set(named), set())

    def test_each_flag_of_a_call_is_there(self):
        text = header_with("enum ffitap__call_flag {")
        flags = re.findall(r"FFITAP__CALL_\w+ = 1u << (\d+)", text)
        named = re.findall(r"^\.It (0x[0-9a-f]+)$", self.page.read_text(), re.MULTILINE)
        self.assertEqual(named, [hex(1 << int(flag)) for flag in flags])


class Json(harness.Case):
    def setUp(self):
        super().setUp()
        self.schema = json.loads(SCHEMA.read_text())

    def keys(self, schema, path=""):
        """All members below an object, with those that are above them: gil, gil.windows, ..."""
        if "$ref" in schema:
            schema = self.schema["definitions"][schema["$ref"].rpartition("/")[2]]
        for other in schema.get("anyOf", ()):
            yield from self.keys(other, path)
        if schema.get("type") == "array":
            yield from self.keys(schema["items"], f"{path}[]")
        for name, member in schema.get("properties", {}).items():
            yield f"{path}.{name}".removeprefix(".")
            yield from self.keys(member, f"{path}.{name}".removeprefix("."))

    def test_each_key_is_there(self):
        expected = {"The document": set(self.schema["properties"])}
        for name, member in self.schema["properties"].items():
            below = {key.removeprefix(name).removeprefix("[]")[1:] for key in self.keys(member, name)}
            if below:
                expected[name] = below
        found = tagged(pages.FOLDER / "ffitap-json.5", "Cm")
        self.assertEqual({name: sorted(keys) for name, keys in found.items()},
                         {name: sorted(keys) for name, keys in expected.items()})


class Library(harness.Case):
    def test_each_function_is_there(self):
        exported = [name for name in EXPORTS.read_text().split() if "__" not in name]
        text = (pages.FOLDER / "libffitap.3").read_text()
        self.assertEqual(sorted(set(re.findall(r"^\.Fn (ffitap_\w+)", text, re.MULTILINE))), exported)

    def test_each_header_is_there(self):
        headers = {path.name.removesuffix(".in") for path in
                   (harness.SOURCE / "include" / "ffitap").iterdir()} - {"export.h"}
        text = (pages.FOLDER / "libffitap.3").read_text()
        self.assertEqual(set(re.findall(r"In ffitap/(\w+\.h)", text)), headers)


class Spelling(harness.Case):
    """In all that a reader may copy, an option with an argument is written --option=ARGUMENT."""

    def assert_spelled(self, text):
        lines = re.findall(r"\bffitap (\w+) (.*?)(?: \| |$)", text, re.MULTILINE)
        self.assertGreater(len(lines), 0)
        for command, words in lines:
            for option in options.of(command):
                if option.argument:
                    self.assertNotRegex(words, rf"{option.long}(?!=|-)\b")

    def test_in_the_readme(self):
        text = sessions.README.read_text()
        code = re.findall(r"^\$ .*$|`ffitap \w+ [^`\n]+`", text, re.MULTILINE)
        self.assert_spelled("\n".join(code))

    def test_in_the_examples_of_the_pages(self):
        for page in pages.ALL:
            text = pages.rendered(page)
            if "\n     $ ffitap " in text or "\n           $ ffitap " in text:
                self.assert_spelled("\n".join(re.findall(r"^ +\$ .*$", text, re.MULTILINE)))


if __name__ == "__main__":
    harness.main()
