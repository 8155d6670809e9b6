"""PEP 425 tags: order and ranks, as examples and against `packaging.tags`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging import tags as reference
from packaging.tags import parse_tag

from provenv.standards.tags import compatible_tags, expand, wheel_rank

MANYLINUX = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "linux_x86_64")
PLATFORMS = [
    MANYLINUX,
    ("win_amd64",),
    tuple(reference.mac_platforms((14, 0), "arm64")),
    tuple(reference.mac_platforms((10, 15), "x86_64")),
    ("musllinux_1_2_aarch64", "musllinux_1_1_aarch64", "linux_aarch64"),
    (),
]


def reference_order(major: int, minor: int, platforms: tuple[str, ...], abi: str) -> list[str]:
    ordered = [
        *(str(t) for t in reference.cpython_tags((major, minor), [abi], platforms)),
        *(str(t) for t in reference.compatible_tags((major, minor), f"cp{major}{minor}", platforms)),
    ]
    return list(dict.fromkeys(ordered))


def test_the_best_tag_is_the_exact_one_and_the_last_is_the_oldest_pure_python() -> None:
    table = compatible_tags("3.12.4", MANYLINUX)
    ordered = sorted(table, key=table.__getitem__)
    assert ordered[0] == "cp312-cp312-manylinux_2_28_x86_64"
    assert ordered[-1] == "py30-none-any"
    assert list(table.values()) == list(range(len(table)))
    assert "cp32-abi3-linux_x86_64" in table
    assert "cp313-abi3-linux_x86_64" not in table


@pytest.mark.parametrize(
    ("tags", "better_than"),
    [
        ("cp312-cp312-manylinux_2_28_x86_64", "cp312-cp312-linux_x86_64"),
        ("cp312-cp312-linux_x86_64", "cp312-abi3-manylinux_2_28_x86_64"),
        ("cp38-abi3-manylinux_2_17_x86_64", "py3-none-any"),
        ("py3-none-linux_x86_64", "py312-none-any"),
        ("py312-none-any", "py3-none-any"),
        ("py2.py3-none-any", "py31-none-any"),
        ("cp310.cp312-abi3.cp312-any.linux_x86_64", "cp312-abi3-linux_x86_64"),
    ],
)
def test_a_closer_wheel_ranks_better(tags: str, better_than: str) -> None:
    table = compatible_tags("3.12.4", MANYLINUX)
    better, worse = wheel_rank(tags, table), wheel_rank(better_than, table)
    assert better is not None and worse is not None
    assert better < worse


@pytest.mark.parametrize(
    "tags",
    [
        *("cp311-cp311-linux_x86_64", "cp313-abi3-linux_x86_64", "py2-none-any", "cp312-cp312-win_amd64"),
        *("cp312-cp312t-linux_x86_64", "py3-none", "cp312-cp312-manylinux_2_34_x86_64"),
    ],
)
def test_a_wheel_for_something_else_has_no_rank(tags: str) -> None:
    assert wheel_rank(tags, compatible_tags("3.12.4", MANYLINUX)) is None


def test_the_interpreter_without_a_gil_has_its_own_abi_and_no_abi3() -> None:
    table = compatible_tags("3.13.1", ["linux_x86_64"], free_threaded=True)
    assert table["cp313-cp313t-linux_x86_64"] == 0
    assert wheel_rank("cp313-abi3-linux_x86_64", table) is None
    assert wheel_rank("cp313-abi3t-linux_x86_64", table) == 1


def test_the_table_of_a_target_is_made_once() -> None:
    assert compatible_tags("3.12.4", list(MANYLINUX)) is compatible_tags("3.12.0", MANYLINUX)


def test_ranks_are_found_in_any_mapping() -> None:
    assert wheel_rank("PY2.py3-none-any", {"py3-none-any": 4}) == 4


@given(st.integers(2, 4), st.integers(0, 40), st.sampled_from(PLATFORMS), st.booleans())
def test_the_order_is_the_reference_order(
    major: int, minor: int, platforms: tuple[str, ...], free_threaded: bool
) -> None:
    version = (major, minor)
    flags = "mu" if version < (3, 3) else "m" if version < (3, 8) else ""
    abi = f"cp{major}{minor}{'t' if free_threaded else flags}"
    table = compatible_tags(f"{major}.{minor}.1", platforms, free_threaded=free_threaded)
    # packaging takes an empty list of platforms for "the running machine's"
    expected = reference_order(major, minor, platforms or ("none_such",), abi)
    assert list(table) == [tag for tag in expected if "none_such" not in tag]


parts = st.lists(
    st.sampled_from(["py3", "py2", "cp312", "CP310", "abi3", "none", "any", "linux_x86_64"]),
    min_size=1,
    max_size=3,
).map(".".join)


@given(st.tuples(parts, parts, parts).map("-".join))
def test_a_compressed_set_holds_what_the_reference_finds_in_it(tags: str) -> None:
    assert set(expand(tags)) == {str(tag) for tag in parse_tag(tags)}
    table = compatible_tags("3.12.4", MANYLINUX)
    ranks = [table[str(tag)] for tag in parse_tag(tags) if str(tag) in table]
    assert wheel_rank(tags, table) == min(ranks, default=None)
