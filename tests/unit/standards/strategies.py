"""Hypothesis strategies for the texts of the packaging standards: right, oddly spelled and almost right."""

from __future__ import annotations

from hypothesis import strategies as st

# Few numbers and few labels, so that drawn versions meet: equal, next to each other, in one series.
numbers = st.sampled_from(["0", "1", "2", "00", "01", "3", "10"])
separators = st.sampled_from(["", ".", "-", "_"])
releases = st.lists(numbers, min_size=1, max_size=4).map(".".join)


def _any_case(words: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from([*words, *map(str.upper, words), *map(str.title, words)])


def _suffix(words: list[str]) -> st.SearchStrategy[str]:
    number = st.one_of(st.just(""), numbers)
    return st.tuples(separators, _any_case(words), separators, number).map("".join)


pre_suffixes = _suffix(["a", "alpha", "b", "beta", "c", "rc", "pre", "preview"])
post_suffixes = st.one_of(_suffix(["post", "rev", "r"]), numbers.map("-{}".format))
dev_suffixes = _suffix(["dev"])
local_labels = st.lists(
    st.sampled_from(["cu128", "1", "01", "ubuntu", "CPU", "a"]), min_size=1, max_size=3
).flatmap(lambda parts: st.sampled_from(".-_").map(lambda separator: separator.join(parts)))


def _maybe(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(st.just(""), st.just(""), part)


public_versions = st.tuples(
    _maybe(st.sampled_from(["v", "V"])),
    _maybe(st.sampled_from(["0!", "1!", "02!"])),
    releases,
    _maybe(pre_suffixes),
    _maybe(post_suffixes),
    _maybe(dev_suffixes),
).map("".join)
versions = st.one_of(
    releases, public_versions, st.tuples(public_versions, local_labels).map("+".join)
).flatmap(lambda text: st.sampled_from([text, text, text, f" {text}\n"]))
almost_versions = st.text("0123456789.-_+!*abcdeprostv \tſٱ٣", max_size=12)

operators = st.sampled_from(["==", "!=", "<=", ">=", "<", ">", "~=", "==="])
blanks = st.sampled_from(["", "", " ", "\t"])
clauses = st.one_of(
    st.tuples(operators, blanks, versions).map("".join),
    st.tuples(st.sampled_from(["==", "!="]), blanks, releases, st.just(".*")).map("".join),
    st.tuples(st.sampled_from(["==", "!=", ">=", "~="]), blanks, public_versions, st.just(".*")).map("".join),
    st.tuples(st.sampled_from(["~=", "===", ">", "<"]), blanks, public_versions).map("".join),
)
specifiers = st.lists(clauses, max_size=4).flatmap(
    lambda parts: st.sampled_from([",", " , ", ",,"]).map(lambda comma: comma.join(parts))
)
almost_specifiers = st.text("<>=!~0123456789.*,+ v\t\nabdevpost", max_size=16)

variables = st.sampled_from(
    [
        *("os_name", "os.name", "sys_platform", "sys.platform", "platform_machine", "platform.machine"),
        *("platform_python_implementation", "platform.python_implementation", "python_implementation"),
        *("platform_release", "platform_system", "platform_version", "platform.version"),
        *("python_version", "python_full_version", "implementation_name", "implementation_version", "extra"),
    ]
)
literals = st.sampled_from(
    [
        *("linux", "win32", "x86_64", "CPython", "posix", "", "3.8", "3.12", "3.12.4", "3.12.*", "3.12.0rc1"),
        *("foo", "Foo_Bar", "foo.bar", "6.8.0-45-generic", "#1 SMP", "3.8, 3.12", "=3.12", "os_name", "\\n"),
        *("3.12+local", "1.0-1", " 3.8 "),
    ]
)
quoted = st.tuples(literals, st.sampled_from("'\"")).map(lambda pair: f"{pair[1]}{pair[0]}{pair[1]}")
marker_operators = st.sampled_from(
    ["==", "!=", "<=", ">=", "<", ">", "~=", "===", " in ", " not in ", " not\tin "]
)
comparisons = st.one_of(
    st.tuples(variables, blanks, marker_operators, blanks, quoted),
    st.tuples(quoted, blanks, marker_operators, blanks, variables),
    st.tuples(variables, blanks, marker_operators, blanks, variables),
    st.tuples(quoted, blanks, marker_operators, blanks, quoted),
).map("".join)
markers = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" and ", " or ", "\tand  "]), inner).map("".join),
        inner.map("({})".format),
        inner.map("( {} ) ".format),
    ),
    max_leaves=5,
)
almost_markers = st.lists(
    st.one_of(
        variables,
        quoted,
        marker_operators,
        st.sampled_from(
            ["and", "or", "not", "in", "(", ")", " ", "\t", "\n", "'", "\\", "é", "extras", "a.b", "_"]
        ),
    ),
    max_size=8,
).map("".join)

names = st.sampled_from(["foo", "Foo.Bar", "foo_bar-baz", "A", "1", "zope.interface", "foo_", "a--b"])
extras = st.lists(names, max_size=3).flatmap(
    lambda parts: st.sampled_from([",", " , "]).map(lambda comma: f"[{comma.join(parts)}]")
)
urls = st.sampled_from(
    ["https://index.example/foo-1.0.zip", "file:///tmp/foo", "git+https://host.example/r@v1#x"]
)
requirement_targets = st.one_of(
    specifiers,
    specifiers.map("({})".format),
    specifiers.map("( {} )".format),
    st.tuples(st.sampled_from(["@", "@ ", "@\t"]), urls, st.sampled_from(["", " "])).map("".join),
)
requirements = st.tuples(
    blanks, names, blanks, st.one_of(st.just(""), extras), blanks, requirement_targets, blanks,
    st.one_of(st.just(""), st.tuples(st.just(";"), blanks, markers).map("".join)),
).map("".join)  # fmt: skip
almost_requirements = st.lists(
    st.one_of(
        names, extras, clauses, urls, markers,
        st.sampled_from([";", "@", ",", "(", ")", "[", "]", " ", "\t", "\n", "-", "é", "=== a,b", ".*"]),
    ),
    max_size=7,
).map("".join)  # fmt: skip
