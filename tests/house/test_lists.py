#!/usr/bin/python3
"""check_lists.py complains of every place that does not know an entry, or that knows an entry that
there is not."""

import pathlib
import re
import unittest

import check_lists

TREE = check_lists.Tree.read(pathlib.Path(__file__).resolve().parents[2])
ALL = {place for places in check_lists.PLACES.values() for place, _, _ in places}
HAS_EVENTS_PAGE = any(path.endswith("/ffitap-events.7") for path in TREE.texts)


def places(name, *left_out):
    return {place for place, _, _ in check_lists.PLACES[name]} - set(left_out)


class Lists(unittest.TestCase):
    def assert_complaints(self, expected, change, pattern, *folders):
        """`expected` are the places of which the script complains when one text is changed."""
        path = TREE.that_holds(pattern, *folders)
        text = change(TREE.texts[path])
        self.assertNotEqual(text, TREE.texts[path])
        complaints = check_lists.check(check_lists.Tree({**TREE.texts, path: text}))
        found = {place for place in ALL if any(one.startswith(f"{place}: ") for one in complaints)}
        self.assertEqual(found, expected, complaints)

    def assert_misses(self, expected, macro, entry):
        """With one more entry in the list."""
        start = f"#define {macro}(X)"
        self.assert_complaints(
            expected,
            lambda text: text.replace(start, f"{start} {entry} "),
            rf"^{re.escape(start)}",
            "include",
            "src",
            "tools",
        )

    def assert_has_too_many(self, expected, macro, name):
        """With one entry less in the list. A place that may have more than the list is still in
        order."""
        self.assert_complaints(
            {place for place in expected if not place.startswith("+")},
            lambda text: re.sub(rf"^ *X\({name},.*\\\n", "", text, flags=re.MULTILINE),
            rf"^#define {macro}\(X\)",
            "include",
            "src",
            "tools",
        )

    def assert_of_variables(self, expected, change):
        self.assert_complaints(expected, change, r"^#define FFITAP__ENV_", "include", "src", "tools")

    def test_the_source_is_as_it_has_to_be(self):
        self.assertEqual(check_lists.check(TREE), [])

    def test_a_list_that_is_there_twice_or_not_at_all(self):
        path = TREE.that_holds(r"^#define FFITAP_EXIT_MAP", "tools")
        for texts in {**TREE.texts, "tools/more.h": TREE.texts[path]}, {**TREE.texts, path: ""}:
            complaints = check_lists.check(check_lists.Tree(texts))
            self.assertRegex("\n".join(complaints), "the list of exit statuses: there must be one file")

    def test_a_place_that_is_not_there(self):
        path = TREE.that_holds(r"^#compdef ffitap$", "tools")
        complaints = check_lists.check(check_lists.Tree({**TREE.texts, path: ""}))
        self.assertEqual([one.split(":")[0] for one in complaints], ["zsh's list", "zsh's options"])

    def test_a_command(self):
        self.assert_misses(places("commands"), "FFITAP_COMMAND_MAP", 'X(frob, "do it")')
        self.assert_has_too_many(places("commands"), "FFITAP_COMMAND_MAP", "stat")

    def test_an_exit_status(self):
        exact = places("exit statuses", "code without FFITAP_EXIT_")
        self.assert_misses(exact, "FFITAP_EXIT_MAP", 'X(FROB, 99, "It did it.")')
        self.assert_has_too_many(exact, "FFITAP_EXIT_MAP", "NOTHING")

    def test_a_status(self):
        self.assert_misses(places("statuses"), "FFITAP_STATUS_MAP", 'X(FROBBED, -99, "it did it")')
        self.assert_has_too_many(places("statuses"), "FFITAP_STATUS_MAP", "IO")

    def test_an_event(self):
        page = () if HAS_EVENTS_PAGE else ("ffitap-events.7",)
        self.assert_misses(places("events", *page), "FFITAP__EVENT_MAP", "X(frob, frob_event)")
        self.assert_has_too_many(places("events", *page), "FFITAP__EVENT_MAP", "call")

    def test_a_variable(self):
        always = {"ffitap.1, ENVIRONMENT", "all pages, .Ev"}
        hidden = {"secure_getenv() in src", "ffitap.1, set-user-ID"}
        define = '#define FFITAP__ENV_FROB "FFITAP_FROB"\n'
        self.assert_of_variables(
            always | {"getenv() in src"}, lambda text: f"{text}/* Frobs. */\n{define}"
        )
        self.assert_of_variables(
            always | hidden, lambda text: f"{text}/* Frobs. Not read in a setuid program. */\n{define}"
        )
        self.assert_of_variables(
            always | hidden,
            lambda text: re.sub(r"/\*[^/]*\*/\n#define FFITAP__ENV_STAT_DIR .*\n", "", text),
        )

    def test_what_the_code_spells_out(self):
        for code, place in [
            ('getenv("FFITAP_FROB");', "code without FFITAP__ENV_"),
            ('strncmp(it, "FFITAP_STAT_DIR=", 16);', "code without FFITAP__ENV_"),
            ("return 125;", "code without FFITAP_EXIT_"),
            ("_exit(127);", "code without FFITAP_EXIT_"),
        ]:
            self.assert_complaints(
                {place}, lambda text: text + code, r"^#define FFITAP_COMMAND_MAP", "tools"
            )


if __name__ == "__main__":
    unittest.main()
