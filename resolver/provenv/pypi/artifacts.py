"""What an index says of a project: versions, and the files of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provenv.standards.requirements import Requirement
from provenv.tuples import NamedTuple
from provenv.values import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal


class Artifact(NamedTuple):
    """One file of one version of a project, as its index describes it.

    `url`: the canonical, absolute address (`file:` for a file on this disk). `version`: normalised PEP
    440 text. `tags`: a wheel's compressed tag sets as written in its file name
    (`cp311-cp311-manylinux_2_28_x86_64`), empty for an sdist. `hashes`: algorithm -> hex digest.
    `yanked`: the reason (may be ""), None when it is not. `uploaded`: RFC 3339, UTC. `metadata`: the
    index offers `url + ".metadata"` (PEP 658/714), with that sha256 or "". `index`: the canonical address
    of the index or flat page that lists it. `variant`: a variant wheel's label (PEP 825), "" for any other
    file; the JSON that tells of labels is of kind `variants`.
    """

    filename: str
    url: str
    kind: Literal["wheel", "sdist", "variants"]
    version: str
    tags: str = ""
    build_number: tuple[int, str] | tuple[()] = ()
    size: int | None = None
    hashes: Mapping[str, str] = {}
    requires_python: str | None = None
    yanked: str | None = None
    uploaded: str | None = None
    metadata: str | None = None
    index: str = ""  # type: ignore[assignment]  # a tuple has a method of that name, of no use here
    variant: str = ""

    @property
    def local_path(self) -> str | None:
        """The path on this disk of a `file:` artifact, None for any other."""
        if not self.url.startswith("file:"):
            return None
        from urllib.parse import urlsplit
        from urllib.request import url2pathname

        return url2pathname(urlsplit(self.url).path)


@dataclass(frozen=True, slots=True)
class VariantFiles:
    """The variant wheels of one version on one index, and the JSONs that tell of them (one, if all is well).

    `key`: the version's `standards.versions.sort_key`.
    """

    version: str
    key: tuple[object, ...]
    wheels: tuple[Artifact, ...]
    documents: tuple[Artifact, ...]


@dataclass(frozen=True, slots=True)
class Project:
    """One project on one index: its versions, newest first, each with its files in the index's order.

    Versions that PEP 440 rejects and file names that belong to no version are left out. `artifacts` may be
    lazy: a version's files are read when they are first looked at, and there may turn out to be none that is
    of use. `prereleases`: a bit for each version that is one. `masks`: specifiers and the versions that
    satisfy them, as far as they were asked for. `tracks`, `alternates`: the addresses of PEP 708. `variants`:
    what stands beside the artifacts for who wants it, by version.
    """

    name: str
    index: str
    versions: tuple[str, ...]
    artifacts: Sequence[tuple[Artifact, ...]]
    prereleases: int = 0
    masks: dict[str, int] = field(default_factory=dict, compare=False)
    tracks: tuple[str, ...] = ()
    alternates: tuple[str, ...] = ()
    variants: tuple[VariantFiles, ...] = ()


def files_of(project: Project, version: str) -> tuple[Artifact, ...]:
    """The files of one version, its variant wheels last."""
    plain = project.artifacts[project.versions.index(version)] if version in project.versions else ()
    variants = (wheel for one in project.variants if one.version == version for wheel in one.wheels)
    return (*plain, *variants)


@dataclass(frozen=True, slots=True)
class Metadata:
    """The core metadata of one artifact that a resolver needs.

    `requires`: Requires-Dist, parsed, in order, `extra == …` markers kept. `extras`: Provides-Extra,
    canonical.
    """

    name: str
    version: str
    requires_python: str | None
    requires: tuple[Requirement, ...]
    extras: tuple[str, ...]
    build_requires: tuple[str, ...] = ()
    """`name==version` of what an isolated build used, when the metadata came out of one."""
