"""Metadata of a source tree by an isolated PEP 517 build: what its backend says, and what that needed."""

from __future__ import annotations

import contextlib
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from provenv.errors import BuildError, ProvenvError
from provenv.pypi.archives import METADATA_BYTES, unpack
from provenv.pypi.artifacts import Metadata
from provenv.pypi.build_environment import (
    BuildEnvironment,
    Provision,
    build_environment,
    is_here,
    minor_of,
    running_minor,
)
from provenv.pypi.processes import Finished, run_bounded
from provenv.pypi.temporary import disk_errors, temporary_folder
from provenv.typed import Protocol
from provenv.values import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from pyproject_hooks import BuildBackendHookCaller

SECONDS = 900.0
"""How long a build may take for its metadata, all hooks together."""

# PEP 517: what a project without [build-system] gets, by its setup.py.
LEGACY_BACKEND = "setuptools.build_meta:__legacy__"
LEGACY_REQUIRES = ("setuptools>=40.8.0",)
_RECORD_KIND = "built-metadata"
_DEFAULT_HINTS = (
    "a compiler, a library or a build requirement may be missing here: the output above says which",
    "or choose a version that has a wheel for this target",
)


class Records(Protocol):
    """The part of the cache that builds use."""

    def get(self, kind: str, key: str) -> object | None: ...
    def put(self, kind: str, key: str, value: object) -> None: ...


@dataclass(frozen=True, slots=True)
class BuildSystem:
    """`[build-system]` of a pyproject.toml (PEP 518, 517), or what stands for it."""

    requires: tuple[str, ...]
    backend: str
    backend_path: tuple[str, ...] = ()


def build_metadata(
    source: Path | Callable[[], Path],
    *,
    python: str,
    provision: Provision,
    label: str,
    subdirectory: str | None = None,
    identity: str | None = None,
    variant: str = "",
    records: Records | None = None,
    seconds: float = SECONDS,
) -> Metadata:
    """The metadata that the build backend of `source` (a tree, an archive, or what fetches one) prepares.

    `python`: the wanted Python (`3.12.0`); see `build_environment` for what happens where it is missing.
    `label` names the source in errors. With `identity` (an archive's sha256, a commit) and `records`, the
    answer is remembered for this system, Python and `variant`, which says what else shapes the provision.
    `build_requires` of the answer holds everything that was in the build environment, pinned, sorted.
    Raises BuildError, with the end of the build's output, and whatever `provision` raises.
    """
    key = f"{identity}:{subdirectory or ''}:{sys.platform}:{minor_of(python)}:{variant}"
    if identity is not None and records is not None:
        remembered = _remembered(records.get(_RECORD_KIND, key), minor_of(python), label)
        if remembered is not None:
            return remembered
    fetched = source() if callable(source) else source
    with (
        disk_errors(f"{label} could not be built for its metadata"),
        _source_tree(fetched, subdirectory, label) as tree,
    ):
        text, pins, builder = _build(tree, python, provision, label, seconds)
    metadata = _parsed(text, pins, label)
    if identity is not None and records is not None:
        records.put(_RECORD_KIND, key, (text, pins, builder))
    return metadata


def read_build_system(tree: Path, label: str) -> BuildSystem:
    """What builds this tree. Raises BuildError when nothing does, or when `[build-system]` is malformed."""
    import tomli

    path = tree / "pyproject.toml"
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        document = tomli.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise BuildError(f"{label} has a pyproject.toml that can't be read", evidence=[str(error)]) from error
    if not path.exists() and not (tree / "setup.py").exists():
        raise BuildError(
            f"{label} can't be built: it is not a Python project",
            evidence=["there is neither a pyproject.toml nor a setup.py in it"],
            hints=["if the project is in a folder of it, add #subdirectory=FOLDER to its address"],
        )
    table = document.get("build-system")
    if table is None:
        return BuildSystem(LEGACY_REQUIRES, LEGACY_BACKEND)
    return _build_system(table, label)


def _build_system(table: object, label: str) -> BuildSystem:
    if not isinstance(table, Mapping) or "requires" not in table:
        raise _malformed(label, "[build-system] must be a table with the key `requires` (PEP 518)")
    requires = _strings(table["requires"], "requires", label)
    backend_path = _strings(table.get("backend-path", []), "backend-path", label)
    backend = table.get("build-backend")
    if backend is None:
        # PEP 517 leaves setuptools to be listed; many projects that count on it do not.
        named = any(re.match(r"setuptools(?![\w.-])", text.strip(), re.IGNORECASE) for text in requires)
        return BuildSystem(requires if named else (*requires, *LEGACY_REQUIRES), LEGACY_BACKEND, backend_path)
    if not isinstance(backend, str) or not backend.strip():
        raise _malformed(label, "`build-backend` must be a string")
    return BuildSystem(requires, backend, backend_path)


def _strings(value: object, key: str, label: str) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise _malformed(label, f"`{key}` must be an array of strings")
    if not all(isinstance(item, str) for item in value):
        raise _malformed(label, f"`{key}` must hold strings only")
    return tuple(str(item) for item in value)


def _malformed(label: str, reason: str) -> BuildError:
    return BuildError(f"{label} has a malformed [build-system] in its pyproject.toml", evidence=[reason])


@contextlib.contextmanager
def _source_tree(source: Path, subdirectory: str | None, label: str) -> Iterator[Path]:
    """The folder to build: the source itself, or an archive of it unpacked for the while."""
    if source.is_dir():
        yield inside(source, subdirectory, label)
        return
    with temporary_folder("source") as folder:
        yield inside(unpack(source, folder), subdirectory, label)


def inside(tree: Path, subdirectory: str | None, label: str) -> Path:
    """The folder `subdirectory` of a tree. Raises BuildError when there is none, or when it leads outside."""
    if not subdirectory:
        return tree
    place = (tree / subdirectory).resolve()
    if not place.is_relative_to(tree.resolve()) or not place.is_dir():
        raise BuildError(
            f"{label} has no folder {subdirectory!r}", hints=["correct #subdirectory= in its address"]
        )
    return place


def _build(
    tree: Path, python: str, provision: Provision, label: str, seconds: float
) -> tuple[str, tuple[str, ...], str]:
    """The text of METADATA, the pins of the environment that made it, and the `X.Y` of its Python."""
    system = read_build_system(tree, label)
    needed = _checked(system.requires, label)
    with build_environment(python) as environment:
        pins = _provided(provision, needed, environment.prefix, label) if needed else ()
        hooks = _Hooks(tree, system, environment, label, time.monotonic() + seconds)
        more = [text for text in _checked(hooks.requires(), label) if text not in needed]
        if more:
            pins = _provided(provision, [*needed, *more], environment.prefix, label)
        return hooks.metadata(), tuple(sorted(set(pins))), environment.python_version


def _provided(provision: Provision, requirements: Sequence[str], prefix: Path, label: str) -> tuple[str, ...]:
    """What `provision` provides; its errors say which build needs it."""
    try:
        return provision(requirements, prefix)
    except ProvenvError as error:
        error.evidence = (f"the build of {label} needs them", *error.evidence)
        raise


def _checked(requirements: Sequence[str], label: str) -> list[str]:
    """Valid build requirements, one line each: what installs them takes options there too, and gets none."""
    from provenv.pypi.metadata import parse_requirements

    texts = [" ".join(text.split()) for text in requirements]
    parse_requirements(texts, label)
    return texts


class _Hooks:
    """The hooks of one source tree, each in a process of its own, with every way to fail told apart."""

    def __init__(
        self, tree: Path, system: BuildSystem, environment: BuildEnvironment, label: str, deadline: float
    ) -> None:
        self._tree = tree
        self._system = system
        self._environment = environment
        self._label = label
        self._deadline = deadline
        self._finished = Finished(0, "")

    def requires(self) -> tuple[str, ...]:
        """What `get_requires_for_build_wheel` asks for, () where a backend has no such hook."""
        answer = self._call(
            "get_requires_for_build_wheel", lambda caller: caller.get_requires_for_build_wheel()
        )
        if not isinstance(answer, list) or not all(isinstance(item, str) for item in answer):
            self._fail(
                "get_requires_for_build_wheel", [f"it answered {answer!r}, not a list of requirements"]
            )
        return tuple(answer)

    def metadata(self) -> str:
        """The METADATA that `prepare_metadata_for_build_wheel` writes, or that of the wheel that is built."""
        folder = self._environment.scratch
        hook = "prepare_metadata_for_build_wheel"
        answer = self._call(hook, lambda caller: caller.prepare_metadata_for_build_wheel(str(folder)))
        path = folder / str(answer) / "METADATA"
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            self._fail(hook, [f"it answered {answer!r}, where there is no METADATA file"])
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(METADATA_BYTES)

    def _call(self, hook: str, call: Callable[[BuildBackendHookCaller], object]) -> object:
        import warnings

        from pyproject_hooks import BackendUnavailable, BuildBackendHookCaller

        try:
            caller = BuildBackendHookCaller(
                str(self._tree),
                self._system.backend,
                backend_path=self._system.backend_path or None,
                runner=self._run,
                python_executable=str(self._environment.python),
            )
        except ValueError as error:
            raise _malformed(self._label, f"`backend-path`: {error}") from error
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # The backend's warnings are for the project's authors.
                return call(caller)
        except _Ended:
            self._fail(hook, self._finished.last_lines())
        except BackendUnavailable as error:
            self._fail(hook, ["the backend can't be imported:", *error.traceback.strip().splitlines()[-6:]])
        except (OSError, ValueError, KeyError) as error:
            self._fail(hook, [f"the backend ended without an answer ({error})", *self._finished.last_lines()])

    def _run(
        self, cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None
    ) -> None:
        """The runner of pyproject_hooks."""
        self._finished = run_bounded(
            cmd,
            cwd=Path(cwd or self._tree),
            environ={**self._environment.environ(), **(extra_environ or {})},
            seconds=self._deadline - time.monotonic(),
        )
        if self._finished.code != 0:
            raise _Ended

    def _fail(self, hook: str, evidence: list[str]) -> NoReturn:
        reason = "ran out of time" if self._finished.code is None else "failed"
        raise BuildError(
            f"{self._label} could not be built for its metadata",
            evidence=[f"{self._system.backend} {reason} in {hook}:", *evidence],
            hints=_DEFAULT_HINTS,
        )


class _Ended(Exception):
    """A hook's process ended badly; how, is in `_Hooks._finished`."""


def _remembered(record: object, minor: str, label: str) -> Metadata | None:
    """What was built before; by another Python than the wanted `minor` only as long as that is not here."""
    match record:
        case (str(text), tuple(pins), str(builder)):
            if builder == minor or (builder == running_minor() and not is_here(minor)):
                return _parsed(text, tuple(str(pin) for pin in pins), label)
    return None


def _parsed(text: str, pins: tuple[str, ...], label: str) -> Metadata:
    from provenv.pypi.metadata import parse_metadata

    return replace(parse_metadata(text, label), build_requires=pins)
