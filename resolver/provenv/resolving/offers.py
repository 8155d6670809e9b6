"""Which builds of an accelerator are tried for a target, in its order, as far as the manifest leaves it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from provenv.errors import PluginError
from provenv.hooks.types import Accelerator, Build, Builds, Context, Envelope, Rejected
from provenv.manifest.values import Index, Manifest, ManifestRequirement
from provenv.standards.requirements import parse_requirement
from provenv.targets import Target
from provenv.values import replace


def builds_for(
    accelerator: Accelerator,
    context: Context,
    target: Target,
    manifest: Manifest,
    pinned: Callable[[str], Index | None],
    kept: tuple[str, str | None] | None = None,
) -> Builds:
    """The accelerator's builds, best first, and those that it rejects.

    `pinned(name)`: the index that the manifest pins a package to. A pin to a build's own index leaves this
    build alone; with another, nothing is left of what a build wants of the package. Builds whose index the
    manifest names without pinning anything come first, then that of the old lock (`kept`: name and index).
    """
    builds = accelerator.builds(context)
    if target.build is not None:
        offered = tuple(build for build in builds.offered if build.name == target.build)
        rejected = tuple(r for r in builds.rejected if offered or r.build == target.build)
        if not offered and not rejected:
            known = dict.fromkeys(build.name for build in builds.offered)
            reason = f"there is no such build for {context.platform}; those that fit are {', '.join(known)}"
            rejected = (Rejected(target.build, reason),)
        return Builds(offered, rejected)
    pins = {name: index for name in accelerator.family if (index := pinned(name)) is not None}
    if pins:
        return replace(builds, offered=tuple(_bent(builds.offered, pins)))
    named = {_plain(index.url) for index in manifest.indexes}

    def rank(build: Build) -> tuple[bool, bool]:
        index = _plain(build.index or "")
        return index not in named, kept is None or (build.name, index) != (kept[0], _plain(kept[1] or ""))

    return replace(builds, offered=tuple(sorted(builds.offered, key=rank)))


def _bent(builds: Iterable[Build], pins: dict[str, Index]) -> Iterable[Build]:
    offered = tuple(builds)
    places = {_plain(index.url) for index in pins.values()}
    own = [build for build in offered if build.index is not None and _plain(build.index) in places]
    if own:
        return own
    return (
        replace(
            build,
            constraints=tuple(text for text in build.constraints if parse_requirement(text).name not in pins),
            runtime=None,
        )
        for build in offered
    )


def label_hints(
    roots: Iterable[ManifestRequirement],
    accelerators: Iterable[Accelerator],
    target: Target,
    context: Context,
) -> Iterator[str]:
    """For requirements that name another accelerator's build by a local version: which one that is."""
    bare = replace(context, envelope=Envelope())
    for root in roots:
        label = re.search(r"===?\s*[^,+\s]+\+([\w.]+)", root.requirement.specifier)
        for accelerator in accelerators if label else ():
            try:
                if accelerator.name == target.accelerator or accelerator.accepts(context.os, context.arch):
                    continue
                builds = accelerator.builds(bare)
            except PluginError:  # not the plugin that the target needs
                continue
            if label and label[1] in {b.name for b in builds.offered} | {r.build for r in builds.rejected}:
                yield f"{root.text} is a build for {accelerator.name}: lock it for that accelerator"


def _plain(url: str) -> str:
    return url.rstrip("/")
