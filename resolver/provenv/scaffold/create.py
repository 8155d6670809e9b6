"""A new plugin's files, from templates in which `{{name}}` and the like are filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from provenv.errors import DiskError, InputError
from provenv.standards.names import canonicalize, is_valid_name

Kind = Literal["accelerator", "platform", "lock-format", "check"]
KINDS: tuple[Kind, ...] = get_args(Kind)
TEMPLATES = Path(__file__).parent / "templates"
PREFIX = "provenv-"

_WHAT: Mapping[Kind, str] = {
    "accelerator": "the accelerator {name}",
    "platform": "the platform {name}",
    "lock-format": "the lock format {name}",
    "check": "the acceptance check {name}",
}
_NEXT: Mapping[Kind, str] = {
    "accelerator": "What is published, and what it needs of the hardware, is in `builds.toml` beside it.",
    "platform": "It is a Linux with glibc on another architecture; make of it what you need.",
    "lock-format": "It writes comma-separated values; make of it what you need.",
    "check": "It looks whether installed files are there; make of it what you need.",
}

# Template -> the file that is made of it.
_COMMON = {
    "common/pyproject.toml": "pyproject.toml",
    "common/README.md": "README.md",
    "common/conformance.py": "tests/test_conformance.py",
}
_OF_KIND = {"module.py": "src/{{module}}/__init__.py", "test.py": "tests/test_{{module}}.py"}
_MORE: Mapping[Kind, Mapping[str, str]] = {
    "accelerator": {
        "builds.toml": "src/{{module}}/builds.toml",
        "machine.json": "tests/machines/two-cards.json",
    },
    "platform": {},
    "lock-format": {},
    "check": {},
}


@dataclass(frozen=True, slots=True)
class NewPlugin:
    """A plugin to write. `name`: of the thing it provides, and part of the distribution's name."""

    name: str
    kind: Kind

    @property
    def distribution(self) -> str:
        return f"{PREFIX}{self.name}"

    @property
    def module(self) -> str:
        return self.distribution.replace("-", "_")

    def files(self) -> dict[str, str]:
        """Path below the plugin's folder -> text."""
        words = self._words()
        of_kind = {f"{self.kind}/{name}": path for name, path in {**_OF_KIND, **_MORE[self.kind]}.items()}
        return {
            _filled(path, words): _filled((TEMPLATES / f"{name}.txt").read_text(encoding="utf-8"), words)
            for name, path in {**_COMMON, **of_kind}.items()
        }

    def _words(self) -> dict[str, str]:
        from datetime import UTC, datetime

        from provenv import __version__

        plain = re.sub(r"[^a-z0-9]", "", self.name)
        what = _WHAT[self.kind].format(name=self.name)
        return {
            "name": self.name,
            "distribution": self.distribution,
            "module": self.module,
            "entry": self.name,
            "what": what,
            "What": what[0].upper() + what[1:],
            "next": _NEXT[self.kind],
            "provenv": ".".join(__version__.split(".")[:2]),
            "date": datetime.now(UTC).date().isoformat(),
            # a device's node, a torch device and a local version label may hold no dash
            "word": plain if plain[0].isalpha() else f"x{plain}",
            "device": plain if plain[0].isalpha() else f"x{plain}",
            "local": plain,
            # linux-riscv64 is a Linux on riscv64
            "arch": (self.name.partition("-")[2] or self.name).replace("-", "_"),
        }


def _filled(text: str, words: Mapping[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: words[found[1]], text)


def new_plugin(name: str, kind: Kind, taken: Mapping[tuple[str, str], object]) -> NewPlugin:
    """The plugin of this name. `taken`: (kind, name) -> who has it. Raises InputError for a bad name."""
    if not is_valid_name(name):
        raise InputError(
            f"{name!r} is no name for a distribution",
            evidence=["a name is of letters, digits, `-`, `_` and `.`, the first and last a letter or digit"],
        )
    plain = canonicalize(name).removeprefix(PREFIX)
    owner = next((who for (_, known), who in taken.items() if canonicalize(known) == plain), None)
    if owner is not None or plain in ("auto", "provenv"):
        evidence = [str(owner)] if owner is not None else ["provenv means something else by it"]
        raise InputError(f"the name {plain!r} is taken", evidence=evidence, hints=["choose another name"])
    return NewPlugin(plain, kind)


def write_plugin(plugin: NewPlugin, folder: Path) -> Sequence[Path]:
    """Writes the plugin's files; their paths. Raises InputError when the folder exists, DiskError."""
    if folder.exists() or folder.is_symlink():
        raise InputError(
            f"{folder} is already there", hints=["choose another name, or another place with --into"]
        )
    written = []
    try:
        for path, text in plugin.files().items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
            written.append(file)
    except OSError as error:
        raise DiskError(f"can't write {folder}: {error.strerror or error}") from error
    return written
