"""A machine's facts recorded while they are asked for, and replayed where the machine is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from provenv.hooks.installations import Distribution
from provenv.hooks.types import CommandResult, Paste, Probe
from provenv.typed import TypeVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from provenv.errors import InputError

Kept = TypeVar("Kept")

KINDS = (
    *("python", "file", "folder", "command", "environment", "registry", "sysctl", "library", "paste"),
    *("exists", "executables", "disk", "distributions"),
)
_MARK = "provenv-probe"

# What a recording holds of the interpreter even where no plugin asked.
_PYTHON_FACTS = ("version", "implementation", "machine", "system", "bits", "release")


class RecordedProbe:
    """A machine that is elsewhere: answers that were recorded there, and no answer to any other question.

    `answers`: kind (`file`, `command` ...) -> question -> answer. A command's question is its line as a shell
    would take it, its answer an object of `exit_code`, `stdout` and `stderr` or the bare output; a registry
    value's is `KEY|VALUE`, a library's the first line of its script. A disk's answer is [total, free] in
    bytes, an environment's distributions are a list of [name, version, folder].

    `provenance`: where the answers come from, where that is not the machine itself: facts that it was rebuilt
    from, or who recorded it and what was taken out.
    """

    def __init__(self, answers: Mapping[str, Mapping[str, object]], provenance: str = "") -> None:
        self._answers = answers
        self.provenance = provenance

    def _answer(self, kind: str, question: str) -> object:
        return self._answers.get(kind, {}).get(question)

    def _text(self, kind: str, question: str) -> str | None:
        answer = self._answer(kind, question)
        return answer if isinstance(answer, str) else None

    def file(self, path: str) -> str | None:
        return self._text("file", path)

    def folder(self, path: str) -> tuple[str, ...]:
        answer = self._answer("folder", path)
        return tuple(map(str, answer)) if isinstance(answer, (list, tuple)) else ()

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandResult | None:
        answer = self._answer("command", command_line(argv))
        if isinstance(answer, str):
            return CommandResult(0, answer, "")
        if not isinstance(answer, Mapping):
            return None
        code = answer.get("exit_code")
        texts = (str(answer.get(name, "")) for name in ("stdout", "stderr"))
        return CommandResult(code if isinstance(code, int) else None, *texts)

    def environment(self, name: str) -> str | None:
        return self._text("environment", name)

    def registry(self, key: str, value: str) -> str | None:
        return self._text("registry", f"{key}|{value}")

    def sysctl(self, name: str) -> str | None:
        return self._text("sysctl", name)

    def python(self, name: str) -> str | None:
        return self._text("python", name)

    def library(self, script: str, *, seconds: float = 10.0) -> Mapping[str, object] | None:
        answer = self._answer("library", script_name(script))
        return {str(key): value for key, value in answer.items()} if isinstance(answer, Mapping) else None

    def exists(self, path: str) -> bool | None:
        answer = self._answer("exists", path)
        return answer if isinstance(answer, bool) else None

    def executables(self, name: str) -> tuple[str, ...] | None:
        answer = self._answer("executables", name)
        return tuple(map(str, answer)) if isinstance(answer, (list, tuple)) else None

    def disk(self, path: str) -> tuple[int, int] | None:
        answer = self._answer("disk", path)
        sizes = (
            [size for size in answer if isinstance(size, int)] if isinstance(answer, (list, tuple)) else []
        )
        return (sizes[0], sizes[1]) if len(sizes) == 2 else None

    def distributions(self, prefix: str) -> tuple[Distribution, ...]:
        answer = self._answer("distributions", prefix)
        rows = answer if isinstance(answer, (list, tuple)) else ()
        return tuple(Distribution(*row) for row in rows if _is_distribution(row))

    def pastes(self) -> tuple[Paste, ...]:
        kept = self._answers.get("paste", {})
        return tuple(Paste(name, text) for name, text in kept.items() if isinstance(text, str))


class RecordingProbe:
    """Another probe, with every question that is asked of it and the answer kept."""

    def __init__(self, inner: Probe) -> None:
        self._inner = inner
        self._answers: dict[str, dict[str, object]] = {kind: {} for kind in KINDS}

    def file(self, path: str) -> str | None:
        return self._keep("file", path, self._inner.file(path))

    def folder(self, path: str) -> tuple[str, ...]:
        return self._keep("folder", path, self._inner.folder(path))

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandResult | None:
        answer = self._inner.command(argv, seconds=seconds)
        kept = answer and {"exit_code": answer.exit_code, "stdout": answer.stdout, "stderr": answer.stderr}
        self._keep("command", command_line(argv), kept)
        return answer

    def environment(self, name: str) -> str | None:
        return self._keep("environment", name, self._inner.environment(name))

    def registry(self, key: str, value: str) -> str | None:
        return self._keep("registry", f"{key}|{value}", self._inner.registry(key, value))

    def sysctl(self, name: str) -> str | None:
        return self._keep("sysctl", name, self._inner.sysctl(name))

    def python(self, name: str) -> str | None:
        return self._keep("python", name, self._inner.python(name))

    def library(self, script: str, *, seconds: float = 10.0) -> Mapping[str, object] | None:
        return self._keep("library", script_name(script), self._inner.library(script, seconds=seconds))

    def exists(self, path: str) -> bool | None:
        return self._keep("exists", path, self._inner.exists(path))

    def executables(self, name: str) -> tuple[str, ...] | None:
        return self._keep("executables", name, self._inner.executables(name))

    def disk(self, path: str) -> tuple[int, int] | None:
        return self._keep("disk", path, self._inner.disk(path))

    def distributions(self, prefix: str) -> tuple[Distribution, ...]:
        found = self._inner.distributions(prefix)
        self._keep("distributions", prefix, [[one.name, one.version, one.folder] for one in found])
        return found

    def pastes(self) -> tuple[Paste, ...]:
        pastes = self._inner.pastes()
        self._answers["paste"].update((paste.name, paste.text) for paste in pastes)
        return pastes

    def _keep(self, kind: str, question: str, answer: Kept) -> Kept:
        self._answers[kind][question] = answer
        return answer

    def save(self, path: Path) -> None:
        """Write what was asked so far, without user names, host names and serials. Raises DiskError."""
        import json

        from provenv.atomic import write_text
        from provenv.scrubbing import scrub, this_identity

        for name in _PYTHON_FACTS:
            self.python(name)
        answers = {kind: dict(sorted(kept.items())) for kind, kept in self._answers.items() if kept}
        provenance: object = getattr(self._inner, "provenance", "")
        document = {_MARK: 1, **({"provenance": provenance} if provenance else {}), **answers}
        write_text(path, json.dumps(scrub(document, this_identity()), indent=1, ensure_ascii=False) + "\n")


def load_probe(path: Path) -> RecordedProbe:
    """The probe that `RecordingProbe.save` wrote. Raises InputError for any other file."""
    import json

    from provenv.errors import InputError

    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"can't read the recorded probe {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise _no_probe(path, f"it is no JSON: {error}") from error
    if not isinstance(document, dict) or document.get(_MARK) != 1:
        raise _no_probe(path, f'it is no object with "{_MARK}": 1')
    answers = {kind: document.get(kind, {}) for kind in KINDS}
    wrong = [kind for kind, kept in answers.items() if not isinstance(kept, dict)]
    if wrong:
        raise _no_probe(path, f"its {', '.join(wrong)} is no object")
    provenance = document.get("provenance", "")
    if not isinstance(provenance, str):
        raise _no_probe(path, "its provenance is no text")
    return RecordedProbe(answers, provenance)


def _no_probe(path: Path, why: str) -> InputError:
    from provenv.errors import InputError

    hint = "`provenv detect --record FILE` on that machine writes one"
    return InputError(f"{path} is no recorded probe", evidence=[why], hints=[hint])


def _is_distribution(row: object) -> bool:
    return (
        isinstance(row, (list, tuple)) and len(row) in (2, 3) and all(isinstance(text, str) for text in row)
    )


def command_line(argv: Sequence[str]) -> str:
    """A command as one line, the question under which its answer is kept."""
    import shlex

    return shlex.join(argv)


def script_name(script: str) -> str:
    """A library script's name: its first line's comment, or the whole script where it has none."""
    first, _, _ = script.partition("\n")
    return first[1:].strip() if first.startswith("#") else script
