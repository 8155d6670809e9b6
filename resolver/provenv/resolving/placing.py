"""The addresses of a resolution's files where mirrors were asked: made out, or said to be guesses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from provenv.addresses import redact
from provenv.hooks.types import Accelerator
from provenv.pypi.finder import Finder
from provenv.resolution import Resolution
from provenv.values import replace


def placed(resolution: Resolution, finder: Finder, accelerators: Iterable[Accelerator]) -> Resolution:
    """The resolution with each file at its canonical address, and a note of those that are not certain.

    Raises what the network raises where a file has to be read for that.
    """
    listed = [p.artifact for p in resolution.packages if p.artifact is not None and p.direct is None]
    files = iter(finder.placed(listed))
    packages = tuple(
        package
        if package.artifact is None or package.direct is not None
        else replace(package, artifact=next(files))
        for package in resolution.packages
    )
    found = replace(resolution, packages=packages)
    return replace(found, notes=(*found.notes, *_guesses(found, finder, tuple(accelerators))))


def _guesses(resolution: Resolution, finder: Finder, accelerators: tuple[Accelerator, ...]) -> Iterator[str]:
    """A sentence for each index whose own places for files nothing tells."""
    guessed: dict[str, list[str]] = {}
    for package in resolution.packages:
        file = package.artifact
        if file is not None and package.direct is None and finder.is_guess(file):
            guessed.setdefault(file.index, []).append(package.name)
    for index, names in guessed.items():
        if not any(known.publishes(index) for known in accelerators):  # a plugin knows that index's order
            others = f" and {len(names) - 1} more" if len(names) > 1 else ""
            yield (
                f"where {redact(index)} itself keeps {names[0]}{others} is made out from the places at its "
                "mirror; if it keeps files elsewhere, name that place under [mirrors] (docs/network.md)"
            )
