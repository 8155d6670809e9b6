"""Asking the resolver in-process, for tests: requirements in, versions out, over a loopback index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from provenv.errors import ProvenvError
from provenv.locking import resolver_of
from provenv.manifest.adhoc import adhoc_manifest
from provenv.manifest.values import Index, Manifest, ManifestRequirement
from provenv.project import NetworkFlags, Project, open_project
from provenv.resolution import Package, Resolution
from provenv.resolving.resolve import Options
from support.index_server import TestIndex

NOTHING_LOCKED = Options({})


@dataclass
class Ask:
    """Asks for one target, CPython 3.12.0 on Linux with glibc 2.28 unless `target` says otherwise.

    Further arguments are fields of the manifest; `constraints` and `overrides` are texts.
    """

    index: TestIndex
    folder: Path
    options: Options = NOTHING_LOCKED
    pip_config: bool = False
    target: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __call__(self, *requirements: str, **manifest: object) -> dict[str, str]:
        """The versions by name."""
        return {p.name: p.version for p in self.resolution(*requirements, **manifest).packages}

    def resolution(self, *requirements: str, **manifest: object) -> Resolution:
        project = self.project(*requirements, **manifest)
        (target,) = project.targets()
        with resolver_of(project) as resolver:
            return resolver.resolve(target, self.options)

    def package(self, name: str, *requirements: str, **manifest: object) -> Package:
        """One package of the resolution; requirements default to the name itself."""
        found = self.resolution(*(requirements or (name,)), **manifest)
        return next(p for p in found.packages if p.name == name)

    def error(self, *requirements: str, **manifest: object) -> ProvenvError:
        """The error that the resolution ends with; fails where there is an answer."""
        try:
            answer = self(*requirements, **manifest)
        except ProvenvError as error:
            return error
        raise AssertionError(f"there is an answer: {answer}")

    def project(self, *requirements: str, **manifest: object) -> Project:
        network = NetworkFlags(self.pip_config, cache_dir=self.folder / "cache")
        return open_project(self.manifest(*requirements, **manifest), network=network)

    def manifest(self, *requirements: str, **changes: object) -> Manifest:
        """The requirements as arguments; those with an option (`--hash`, `-e`) as lines of a file."""
        lines = [text for text in requirements if " --" in text or text.startswith("-")]
        (self.folder / "requirements.in").write_text("\n".join(lines) + "\n")
        read = adhoc_manifest(
            [text for text in requirements if text not in lines], [self.folder / "requirements.in"], []
        )
        texts = {key: _read(changes.pop(key)) for key in ("constraints", "overrides") if key in changes}
        base: Mapping[str, object] = {
            "indexes": (*read.indexes, Index("default", self.index.url, default=True)),
            "use_pip_config": self.pip_config,
            "python": ("3.12",),
            "platforms": ("linux-x86_64",),
            "accelerators": ("cpu",),
            **self.target,
        }
        return replace(read, **{**base, **texts, **changes})  # type: ignore[arg-type]  # the caller's fields


def _read(texts: object) -> tuple[ManifestRequirement, ...]:
    assert isinstance(texts, Iterable)
    return adhoc_manifest([str(text) for text in texts], [], []).requirements
