"""File names of wheels (PEP 427, 491) and source distributions (PEP 625), as real indexes hold them."""

from __future__ import annotations

from functools import lru_cache

from provenv.standards.names import canonicalize
from provenv.standards.versions import InvalidVersion, normalize
from provenv.tuples import NamedTuple

_DIGITS = "0123456789"
VARIANTS_SUFFIX = "-variants.json"
_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._")


class InvalidFilename(ValueError):
    """A file name that is none of a wheel or source distribution."""

    def __init__(self, filename: str, reason: str) -> None:
        super().__init__(f"{filename!r}: {reason}")
        self.filename = filename
        self.reason = reason


class WheelName(NamedTuple):
    """`name` is canonical, `version` in normal form, `build` `()` or (number, rest), `tags` as written."""

    name: str
    version: str
    build: tuple[int, str] | tuple[()]
    tags: str


class SdistName(NamedTuple):
    """The project and version of a file; `name` is canonical, `version` in normal form."""

    name: str
    version: str


def parse_wheel(filename: str) -> WheelName | None:
    """What a wheel's file name says; None for a variant (a label after the platform tag, PEP 817 and 825).

    Raises InvalidFilename.
    """
    if not filename.endswith(".whl"):
        raise InvalidFilename(filename, "a wheel's name ends in `.whl`")
    parts = filename[:-4].split("-")
    if len(parts) > 5 and is_variant(filename):
        return None
    if len(parts) not in (5, 6):
        raise InvalidFilename(filename, "a wheel's name has five or six parts between dashes")
    return WheelName(
        _wheel_project(filename, parts[0]),
        _version(filename, parts[1]),
        _build(filename, parts[2]) if len(parts) == 6 else (),
        _checked_tags(filename, "-".join(parts[-3:])),
    )


def parse_sdist(filename: str, project_name: str | None = None) -> SdistName:
    """What a source distribution's file name says: `.tar.gz` or `.zip`.

    Old names hold dashes in their project (`python-dateutil-2.8.2.tar.gz`) or version (`foo-1.0-1.tar.gz`),
    so that only the project's name tells where to part them. Without it the last dash does.
    Raises InvalidFilename, also for another project's file.
    """
    stem = next((filename[: -len(end)] for end in (".tar.gz", ".zip") if filename.endswith(end)), None)
    if stem is None:
        raise InvalidFilename(filename, "a source distribution's name ends in `.tar.gz` or `.zip`")
    if project_name is None:
        name, _, version = stem.rpartition("-")
        if not name:
            raise InvalidFilename(filename, "no dash between a project's name and its version")
        return SdistName(canonicalize(name), _version(filename, version))
    wanted = canonicalize(project_name)
    dash = stem.find("-")
    while dash >= 0:
        if canonicalize(stem[:dash]) == wanted:
            return SdistName(wanted, _version(filename, stem[dash + 1 :]))
        dash = stem.find("-", dash + 1)
    raise InvalidFilename(filename, f"not a file of the project {wanted}")


def is_variant(filename: str) -> bool:
    """Whether a wheel's name ends in a variant label."""
    parts = filename.removesuffix(".whl").split("-")
    if len(parts) == 7:
        tagged = bool(parts[2]) and parts[2][0] in _DIGITS
    else:
        # A build number starts with a digit and a Python tag never does: that tells six parts from six.
        tagged = len(parts) == 6 and parts[2][:1] not in _DIGITS
    return tagged and bool(parts[-1]) and _LABEL.issuperset(parts[-1]) and _is_python_tag(parts[-4])


def may_be_variant(filename: str) -> bool:
    """Whether a file may be a variant wheel, or the JSON that tells of some."""
    return filename.endswith(VARIANTS_SUFFIX) or (filename.endswith(".whl") and is_variant(filename))


def split_variant(filename: str) -> tuple[str, str]:
    """A wheel's name as it would be without its variant label, and the label; "" for one that has none."""
    if filename.endswith(VARIANTS_SUFFIX) or not may_be_variant(filename):
        return filename, ""
    plain, _, label = filename[:-4].rpartition("-")
    return f"{plain}.whl", label


def parse_variants_json(filename: str) -> SdistName:
    """Whose variants a `{name}-{version}-variants.json` tells of (PEP 825). Raises InvalidFilename."""
    stem = filename.removesuffix(VARIANTS_SUFFIX)
    name, dash, version = stem.partition("-")
    if stem == filename or not dash:
        raise InvalidFilename(filename, f"no name such as `project-1.0{VARIANTS_SUFFIX}`")
    return SdistName(_wheel_project(filename, name), _version(filename, version))


def _is_python_tag(text: str) -> bool:
    # `py3`, `cp312`, `py2.py3`: letters, then digits
    return all(tag.isidentifier() and tag[0].isalpha() and tag[-1] in _DIGITS for tag in text.split("."))


def _wheel_project(filename: str, name: str) -> str:
    if not _is_escaped(name):
        raise InvalidFilename(filename, "the part before the first dash is no escaped project name")
    return canonicalize(name)


@lru_cache(256)
def _is_escaped(name: str) -> bool:
    return "__" not in name and name.replace("_", "a").replace(".", "a").isalnum()


def _version(filename: str, text: str) -> str:
    try:
        return normalize(text)
    except InvalidVersion as error:
        raise InvalidFilename(filename, str(error)) from None


def _build(filename: str, text: str) -> tuple[int, str]:
    digits = text[: len(text) - len(text.lstrip(_DIGITS))]
    if not 0 < len(digits) < 100:  # int() refuses thousands of them
        raise InvalidFilename(filename, f"the build number {text[:20]!r} does not start with a number")
    return int(digits), text[len(digits) :]


def _checked_tags(filename: str, tags: str) -> str:
    if fault := _tags_fault(tags):
        raise InvalidFilename(filename, fault)
    return tags


@lru_cache(4096)
def _tags_fault(tags: str) -> str | None:
    """What is wrong with a wheel's tags; the same few stand in thousands of names."""
    single = tags.split("-")
    for tag in single:
        if not tag or "" in tag.split("."):
            return f"an empty tag in {tag!r}"
    if not all(python.isidentifier() for python in single[0].split(".")):
        return f"{single[0]!r} is no Python tag"
    return None
