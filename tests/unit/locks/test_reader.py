"""Locks read back: damage of every kind is told with its line, and never with a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenv.errors import DiskError, InputError, ProvenvError
from provenv.hooks.types import Build
from provenv.locks import pylock, reader
from provenv.resolution import Direct, Package
from support.locking import TARGET, inputs, package, resolution, wheel

ALPHA = '[[packages]]\nname = "alpha"'
BETA = '[[packages]]\nname = "beta"'


def text_of(folder: Path) -> str:
    packages = [package(wheel(folder / "wheels", name), "beta") for name in ("alpha", "beta")]
    return pylock.render(
        resolution(*packages, build=Build("cpu", None, ())), inputs("alpha"), folder / "locks"
    )


def test_a_lock_that_ends_between_two_packages_is_not_taken_for_whole(tmp_path: Path) -> None:
    text = text_of(tmp_path)
    cut = text[: text.rindex("[[packages]]")]
    with pytest.raises(InputError, match="it was written with 2 packages and has 1"):
        reader.parse(cut.encode(), tmp_path / "pylock.x.toml")


@pytest.mark.parametrize(
    ("old", "new", "reason", "where"),
    [
        ('lock-version = "1.0"', 'lock-version = "2.0"', "lock-version is 2.0", None),
        ('lock-version = "1.0"\n', "", "`lock-version` is missing", None),
        ("format = 1", "format = 2", "format is 2", None),
        ('accelerator = "cpu"', "accelerator = 5", "`accelerator` is no string", None),
        ('name = "beta"\nversion', 'name = "beta"\nspecies', "`version` is missing", BETA),
        ("size = ", "size = true # ", "`size` is no number", ALPHA),
        ("hashes = ", "# ", "has no hash", ALPHA),
        ("[[packages.wheels]]", "[[packages.wheel]]", "names no file", ALPHA),
        ("-py3-none-any.whl", ".whl", "is no wheel's name", ALPHA),
        ("hashes = ", "upload-time = 5\nhashes = ", "upload-time is no time", ALPHA),
        (
            "[tool.provenv.inputs]",
            "<<<<<<< HEAD\n[tool.provenv.inputs]",
            "conflict markers of a merge",
            "<<<<<<< HEAD",
        ),
        ("[tool.provenv.inputs]", "[tool.provenv.inputs", "not TOML", "[tool.provenv.inputs\ndigest"),
    ],
)
def test_damage_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, reason: str, where: str | None
) -> None:
    text = text_of(tmp_path)
    damaged = text.replace(old, new)
    assert damaged != text
    with pytest.raises(InputError) as caught:
        reader.parse(damaged.encode(), tmp_path / "pylock.x.toml")
    assert reason in caught.value.message
    assert caught.value.origin
    line = caught.value.origin.line
    assert (line is None) == (where is None)
    if line is not None and where is not None:
        assert "\n".join(damaged.splitlines()[line - 1 :]).startswith(where)
    assert caught.value.hints == ("write it anew with `provenv lock`",)


def test_the_lock_of_another_tool_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it was not written by provenv"):
        reader.parse(b'lock-version = "1.0"\ncreated-by = "uv"\npackages = []\n', tmp_path / "pylock.toml")


def test_a_missing_lock_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no lock") as caught:
        reader.read(tmp_path / "pylock.x.toml")
    assert caught.value.hints == ("make it with `provenv lock`",)


def test_a_folder_in_the_place_of_a_lock_is_a_disk_error(tmp_path: Path) -> None:
    with pytest.raises(DiskError):
        reader.read(tmp_path)


def test_bytes_that_are_no_text_are_told_with_their_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not UTF-8") as caught:
        reader.parse(b"# one\n\xff", tmp_path / "pylock.x.toml")
    assert caught.value.origin
    assert caught.value.origin.line == 2


def test_line_ends_of_windows_make_no_difference(tmp_path: Path) -> None:
    text, place = text_of(tmp_path), tmp_path / "locks" / "pylock.x.toml"
    windows = reader.parse(text.replace("\n", "\r\n").encode(), place)
    assert windows.packages == reader.parse(text.encode(), place).packages


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_lock_cut_or_altered_anywhere_never_gives_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp() / "altered"
    text = text_of(folder)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    altered = text[:start] + data.draw(st.sampled_from(["", '"', "\n", "= 1", "[x]\n", "\x00"])) + text[end:]
    try:
        reader.parse(altered.encode(), folder / "pylock.x.toml")
    except ProvenvError as error:
        assert error.hints


def test_packages_locked_to_this_disk_are_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "wheels" / "near-1.0-py3-none-any.whl"
    near = package(wheel(tmp_path / "wheels", "near"))
    folder = Package("folder", "2.0", None, (), direct=Direct((tmp_path / "lib").as_uri(), folder=True))
    git = Package("git", "2.0", None, (), direct=Direct("https://g.example/x", vcs="git", commit="a" * 40))
    text = pylock.render(resolution(near, folder, git, target=TARGET), inputs(), tmp_path / "locks")
    lock = reader.parse(text.encode(), tmp_path / "locks" / "pylock.x.toml")
    assert reader.local_files(lock) == (
        f"folder 2.0 is locked to {tmp_path / 'lib'}: the lock is not portable",
        f"near 1.0 is locked to {file}: the lock is not portable",
    )
