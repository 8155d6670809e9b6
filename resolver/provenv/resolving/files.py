"""All that a resolution reads from files: pages, metadata, hashes, direct references, isolated builds."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from provenv.manifest.values import FileRule, ManifestRequirement
from provenv.project import Project
from provenv.pypi.artifacts import Artifact, Metadata, VariantFiles
from provenv.pypi.cache import Cache
from provenv.pypi.finder import Finder, NeedsBuild
from provenv.resolving.rules import has_wanted_hash
from provenv.standards.requirements import Requirement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from provenv.pypi.build_environment import Provision
    from provenv.pypi.direct import DirectCandidate, DirectResolver
    from provenv.pypi.references import Reference
    from provenv.pypi.variant_documents import VariantDocuments
    from provenv.standards.variants_json import VariantsJson


class Files:
    """The files behind the candidates of all targets of a project. Made by `open_files`."""

    def __init__(self, project: Project, finder: Finder, cache: Cache, stack: ExitStack) -> None:
        self.finder = finder
        self._cache = cache
        self._base = project.folder
        self._stack = stack
        self._may_build: FileRule = project.manifest.build
        self._project = project

    @functools.cached_property
    def _variants(self) -> VariantDocuments:
        from provenv.pypi.variant_documents import VariantDocuments

        return VariantDocuments(self.finder)

    def variants(self, files: VariantFiles) -> VariantsJson:
        """What the labels of these wheels stand for; raises as `VariantDocuments.read` does."""
        return self._variants.read(files)

    def metadata(self, artifact: Artifact, python: str) -> Metadata:
        """The core metadata of a file; an sdist that does not say them is built in isolation.

        `python`: the target's full version. Raises MetadataError for metadata that can't be used, BuildError,
        and what the network raises.
        """
        try:
            return self.finder.metadata(artifact)
        except NeedsBuild:
            return self._built(artifact, python)

    def _built(self, artifact: Artifact, python: str) -> Metadata:
        import tempfile

        from provenv.pypi.builds import build_metadata

        with tempfile.TemporaryDirectory(prefix="provenv-sdist-") as folder:
            digest, _ = self.finder.sha256(artifact)

            def fetch() -> Path:
                return self.finder.download(artifact, Path(folder) / artifact.filename)

            return build_metadata(
                fetch,
                python=python,
                provision=self._provision,
                label=artifact.filename,
                identity=digest,
                records=self._cache,
            )

    def checked(self, artifact: Artifact, hashes: frozenset[str] = frozenset()) -> Artifact:
        """The file with its sha256 and size, which are found out where its index does not say them.

        `hashes`: `algorithm:hex` of which it must have one. Raises IndexAnswerError when it has none.
        """
        if artifact.hashes.get("sha256") is None or artifact.size is None:
            digest, size = self.finder.sha256(artifact)
            artifact = artifact._replace(hashes={**artifact.hashes, "sha256": digest}, size=size)
        if hashes and not has_wanted_hash(artifact, hashes):
            self._check_hashes(artifact, hashes)
        return artifact

    def _check_hashes(self, artifact: Artifact, hashes: frozenset[str]) -> None:
        """By the file itself: its index says digests of other algorithms than the manifest."""
        import tempfile

        from provenv.pypi.digests import LazyFile, check_digests

        with tempfile.TemporaryDirectory(prefix="provenv-hash-") as folder:
            file = LazyFile(lambda: self.finder.download(artifact, Path(folder) / artifact.filename))
            check_digests(file, artifact.filename, (), sorted(hashes))

    def place(self, url: str) -> str:
        """A direct reference's address as it may be shown, the same for every spelling of it."""
        reference = self._reference(url)
        return reference.shown + (f"#subdirectory={reference.subdirectory}" if reference.subdirectory else "")

    def is_wheel(self, url: str) -> bool:
        """Whether a direct reference names a wheel, which needs no build."""
        return self._reference(url).is_wheel

    def _reference(self, url: str) -> Reference:
        from provenv.pypi.references import parse_reference

        return parse_reference(url, self._base)

    def direct(self, requirement: ManifestRequirement | Requirement, python: str) -> DirectCandidate:
        """The one candidate of a requirement with a URL."""
        return self._direct_resolver.resolve(requirement, python=python, base=self._base)

    @functools.cached_property
    def _provision(self) -> Provision:
        from provenv.pypi.build_environment import uv_provision
        from provenv.resolving.build_sources import build_settings

        manifest = self._project.manifest
        settings = build_settings(manifest, self._project.settings)
        return uv_provision(settings, exclude_newer=manifest.exclude_newer)

    @functools.cached_property
    def _direct_resolver(self) -> DirectResolver:
        from provenv.pypi.direct import DirectResolver

        return self._stack.enter_context(
            DirectResolver(
                download=self.finder.fetch_file,
                provision=self._provision,
                settings=self._project.settings,
                records=self._cache,
                may_build=self._may_build.covers,
            )
        )


@contextmanager
def open_files(project: Project, on_event: Callable[[str], None] | None = None) -> Iterator[Files]:
    """The files of a project's candidates; connections and scratch folders are gone when the block ends."""
    cache = Cache(project.settings.cache_dir)
    accelerators = project.plugins.accelerators.values()
    aliases = tuple(dict.fromkeys(pair for known in accelerators for pair in known.aliases))
    with ExitStack() as stack:
        finder = stack.enter_context(
            Finder(
                project.settings,
                cache,
                logins=project.logins,
                aliases=aliases,
                on_event=on_event,
                refresh=project.refresh,
            )
        )
        yield Files(project, finder, cache, stack)
