"""PEP 440 versions as plain sort keys, which `marshal` can store and `<` can compare.

A key is `(epoch, release, suffix, local)`. `release` has no trailing zeros. `suffix` is
`(pre_rank, pre_number, post, is_not_dev, dev_number)`: `pre_rank` is -1 for a bare dev release, 0, 1, 2 for
a, b, rc and 3 for none; `post` is -1 for none. `local` holds `(number, "")` or `(-1, text)` for each segment.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from provenv.typed import cast

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from typing import TypeAlias

Suffix: TypeAlias = tuple[int, int, int, int, int]
Local: TypeAlias = tuple[tuple[int, str], ...]
Key: TypeAlias = tuple[int, tuple[int, ...], Suffix, Local]
SortKey: TypeAlias = tuple[object, ...]
"""A `Key` as the world outside these modules sees it: something to compare and to store."""

FINAL: Suffix = (3, 0, -1, 1, 0)
"""The suffix of a version that is neither a pre-, post- nor dev release."""
EARLIEST: Suffix = (-1, 0, -1, 0, 0)
"""The suffix of `.dev0`, below everything else of a release."""

_PRE_RANKS = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}
_PRE_NAMES = ("a", "b", "rc")


class InvalidVersion(ValueError):
    """A text that PEP 440 does not read as a version."""

    def __init__(self, text: str) -> None:
        super().__init__(f"not a version of PEP 440: {text!r}")
        self.text = text


def sort_key(text: str) -> Key:
    """The key by which a version is ordered; equal versions (`1.0`, `v1.0.0`) have equal keys.

    Raises InvalidVersion.
    """
    return _read(text)[1]


def normalize(text: str) -> str:
    """The version in PEP 440's normal form; trailing zeros stay. Raises InvalidVersion."""
    return _read(text)[0]


def release_of(text: str) -> tuple[int, ...]:
    """The release numbers as written, trailing zeros included (`~=` needs them). Raises InvalidVersion."""
    return _read(text)[2]


def is_prerelease(key: SortKey) -> bool:
    """Whether the version is an alpha, beta, release candidate or dev release."""
    pre_rank, _, _, is_not_dev, _ = cast(Key, key)[2]
    return pre_rank != 3 or not is_not_dev


def prereleases_among(versions: Iterable[str]) -> int:
    """A bit for each of the versions that is a prerelease, the lowest for the first."""
    return sum(1 << i for i, version in enumerate(versions) if is_prerelease(sort_key(version)))


def local_of(key: SortKey) -> str | None:
    """The local version label in normal form (`cu128`), None where there is none."""
    local = cast(Key, key)[3]
    return ".".join(text or str(number) for number, text in local) if local else None


@cache
def _read(text: str) -> tuple[str, Key, tuple[int, ...]]:
    """A version's normal form, its key and its release numbers."""
    digits = text.replace(".", "")
    try:
        if digits.isdigit() and digits.isascii():
            release = tuple([int(part) for part in text.split(".")])
            return ".".join(map(str, release)), (0, _trim(release), FINAL, ()), release
        return _read_any(text)
    except ValueError:  # an empty part (`1..2`), or more digits than int() takes
        raise InvalidVersion(text) from None


def _read_any(text: str) -> tuple[str, Key, tuple[int, ...]]:
    match = _pattern().fullmatch(text.strip())
    if match is None:
        raise InvalidVersion(text)
    epoch_text, release_text, pre, pre_n, dash_post, post, post_n, dev, dev_n, local_text = match.groups()
    epoch = int(epoch_text or 0)
    release = tuple([int(part) for part in release_text.split(".")])
    pre_rank, pre_number = (_PRE_RANKS[pre.lower()], int(pre_n or 0)) if pre else (3, 0)
    post_number = int(dash_post or post_n or 0) if dash_post or post else -1
    is_not_dev, dev_number = (0, int(dev_n or 0)) if dev else (1, 0)
    local = _local(local_text) if local_text else ()

    normal = (f"{epoch}!" if epoch else "") + ".".join(map(str, release))
    normal += f"{_PRE_NAMES[pre_rank]}{pre_number}" if pre else ""
    normal += f".post{post_number}" if post_number >= 0 else ""
    normal += f".dev{dev_number}" if dev else ""
    normal += "+" + ".".join(part or str(number) for number, part in local) if local else ""

    if dev and not pre and post_number < 0:  # PEP 440: 1.0.dev1 comes before 1.0a1
        pre_rank = -1
    suffix = (pre_rank, pre_number, post_number, is_not_dev, dev_number)
    return normal, (epoch, _trim(release), suffix, local), release


def _trim(release: tuple[int, ...]) -> tuple[int, ...]:
    end = len(release)
    while end and not release[end - 1]:
        end -= 1
    return release[:end]


def _local(text: str) -> Local:
    # PEP 440: in a local label numbers come after words, and `-`, `_`, `.` all separate.
    parts = text.lower().replace("-", ".").replace("_", ".").split(".")
    return tuple([(int(part), "") if part.isdigit() else (-1, part) for part in parts])


@cache
def _pattern() -> re.Pattern[str]:
    import re

    return re.compile(
        r"""v? (?:([0-9]+)!)? ([0-9]+(?:\.[0-9]+)*)
        (?: [._-]? (alpha|a|beta|b|preview|pre|c|rc) [._-]? ([0-9]*) )?
        (?: -([0-9]+) | [._-]? (post|rev|r) [._-]? ([0-9]*) )?
        (?: [._-]? (dev) [._-]? ([0-9]*) )?
        (?: \+ ([a-z0-9]+(?:[._-][a-z0-9]+)*) )?""",
        re.VERBOSE | re.IGNORECASE | re.ASCII,
    )
