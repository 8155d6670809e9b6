"""Where keys and elements stand in a TOML text."""

from __future__ import annotations

import tomli
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from provenv.manifest.lines import TomlLines

TEXT = '''\
# a comment with [brackets] and = signs
title = "a # in a string"
[project]
name = 'literal \\'
dependencies = [
    "one>=1", "two",   # two on a line

    "three; extra == 'x'",
]
urls.home = "x"

[tool.a]
text = """
[not.a.table]
key = 1
"""
literal = \'\'\'
x = [\'\'\'
inline = { one = 1, two = [ { three = 3 },
] }
moment = 1979-05-27 07:32:00
[[tool.list]]
name = "first"
[tool.list.below]
deep = true
[[tool.list]]
name = "second"
"quoted key"."a.b" = 1
'''


def test_keys_and_elements_are_found_on_their_lines() -> None:
    lines = TomlLines(TEXT)
    assert lines.line("title") == 2
    assert lines.line("project") == 3
    assert lines.line("project", "dependencies") == 5
    assert [lines.line("project", "dependencies", i) for i in range(4)] == [6, 6, 8, None]
    assert lines.line("project", "urls", "home") == 10
    assert lines.line("tool", "a", "literal") == 17
    assert lines.line("tool", "a", "inline", "two", 0, "three") == 19
    assert lines.line("tool", "a", "moment") == 21


def test_arrays_of_tables_are_counted_and_later_tables_belong_to_the_last_one() -> None:
    lines = TomlLines(TEXT)
    assert lines.line("tool", "list", 0, "name") == 23
    assert lines.line("tool", "list", 0, "below", "deep") == 25
    assert lines.line("tool", "list", 1) == 26
    assert lines.line("tool", "list", 1, "quoted key", "a.b") == 28


def test_text_inside_strings_is_no_key() -> None:
    lines = TomlLines(TEXT)
    assert lines.line("not", "a", "table") is None
    assert lines.line("tool", "a", "key") is None


def test_what_is_not_there_has_the_line_of_what_is_around_it() -> None:
    lines = TomlLines(TEXT)
    assert lines.nearest("tool", "list", 1, "url") == 26
    assert lines.nearest("nothing") is None


def test_text_that_is_no_toml_loses_the_scanner_and_raises_nothing() -> None:
    lines = TomlLines('good = 1\nbad = = "\n[x\n')
    assert lines.line("good") == 1
    assert lines.line("x") is None


KEYS = st.text("ab -_.\"'#[]=é", min_size=1, max_size=5)
VALUES = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(max_size=8) | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.booleans())
def test_every_path_of_any_document_is_found_on_a_line_that_holds_it(
    document: dict[str, object], multiline: bool
) -> None:
    text = tomli_w.dumps(document, multiline_strings=multiline)
    lines = TomlLines(text)
    written = text.split("\n")

    def check(value: object, path: tuple[str | int, ...]) -> None:
        if path:
            number = lines.line(*path)
            assert number is not None, path
            if isinstance(value, bool):
                assert str(value).lower() in written[number - 1]
        if isinstance(value, dict):
            for key, inner in value.items():
                check(inner, (*path, key))
        elif isinstance(value, list):
            for position, inner in enumerate(value):
                check(inner, (*path, position))

    check(tomli.loads(text), ())
