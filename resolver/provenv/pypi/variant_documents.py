"""What is said of a version's variant wheels: by the JSON beside them, or by wheels on this disk."""

from __future__ import annotations

from pathlib import Path

from provenv.errors import DiskError
from provenv.pypi.artifacts import Artifact, VariantFiles
from provenv.pypi.finder import Finder
from provenv.standards.variants import InvalidVariants
from provenv.standards.variants_json import VariantsJson, combined, parse_variants

LARGEST = 8 * 1024 * 1024
"""Bytes of a variant.json that are read at most."""


class VariantDocuments:
    """Variants JSONs, each read once."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._known: dict[tuple[str, ...], VariantsJson | InvalidVariants] = {}

    def read(self, files: VariantFiles) -> VariantsJson:
        """What the labels of these wheels stand for. Raises InvalidVariants, and what the network raises."""
        sources = files.documents or _one_of_each(files.wheels)
        key = tuple(source.url for source in sources)
        known = self._known.get(key)
        if known is None:
            try:
                known = self._read(files, sources)
            except InvalidVariants as error:
                known = error
            self._known[key] = known
        if isinstance(known, InvalidVariants):
            raise known
        return known

    def _read(self, files: VariantFiles, sources: tuple[Artifact, ...]) -> VariantsJson:
        if not files.documents:
            return combined([_of_wheel(wheel) for wheel in sources])
        if len(sources) > 1:
            raise InvalidVariants(f"the index has {len(sources)} variants.json of this version")
        try:
            content = self._finder.variants_json(sources[0])
            if content is None:
                raise InvalidVariants("it is not there")
            return parse_variants(content)
        except InvalidVariants as error:
            raise InvalidVariants(f"{sources[0].filename} can't be used: {error}") from None


def _one_of_each(wheels: tuple[Artifact, ...]) -> tuple[Artifact, ...]:
    """PEP 825: of all wheels of a label one is enough."""
    return tuple({wheel.variant: wheel for wheel in reversed(wheels)}.values())


def _of_wheel(wheel: Artifact) -> VariantsJson:
    """What a wheel on this disk says of itself; one elsewhere would have to be fetched for that."""
    if wheel.local_path is None:
        raise InvalidVariants("the index has no variants.json of this version")
    try:
        found = parse_variants(_variant_json(Path(wheel.local_path)))
        if list(found.variants) != [wheel.variant]:
            raise InvalidVariants(f"it tells of {', '.join(found.variants) or 'no variant'}")
        return found
    except InvalidVariants as error:
        raise InvalidVariants(f"the variant.json of {wheel.filename} can't be used: {error}") from None


def _variant_json(path: Path) -> bytes:
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            infos = [i for i in archive.infolist() if i.filename.endswith(".dist-info/variant.json")]
            if len(infos) != 1 or infos[0].file_size > LARGEST:
                raise InvalidVariants(
                    "it is not there" if not infos else "it is not the only one, or too large"
                )
            return archive.read(infos[0])
    except OSError as problem:
        raise DiskError(f"{path} can't be read", evidence=[problem.strerror or str(problem)]) from None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as problem:
        raise InvalidVariants(f"the wheel is no zip file: {problem}") from None
