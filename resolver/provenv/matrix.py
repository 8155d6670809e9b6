"""How the matrix is made: which cells there are, what each promises, which are left out and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from provenv.envelopes import check_words, known_words, lowest, nearest, override, select
from provenv.errors import ManifestError, Origin
from provenv.hooks.manager import Plugins
from provenv.hooks.types import Accelerator, Context, Envelope, EnvelopeKey, Platform, Probe
from provenv.host import Host
from provenv.manifest.previews import WHEEL_VARIANTS
from provenv.manifest.values import Exclusion, Manifest, NamedTarget
from provenv.targets import PROCESSOR, LeftOut, Matrix, Target, target_name
from provenv.values import replace


class MatrixMaker:
    """The making of one matrix; what is looked up more than once is kept here."""

    def __init__(self, manifest: Manifest, plugins: Plugins, probe: Probe) -> None:
        self.manifest = manifest
        self.plugins = plugins
        self.host = Host(plugins, probe)
        self.origin = Origin(str(manifest.path))
        self._passed_over: dict[str, None] = {}

    def matrix(self) -> Matrix:
        self._check_envelope()
        targets: dict[str, Target] = {}
        left_out: dict[str, LeftOut] = {}
        for platform, accelerator, python in self._cells():
            name = target_name(platform.name, accelerator.name, python)
            reason = self._refusal(platform, accelerator, python)
            if reason is not None:
                left_out.setdefault(name, LeftOut(name, reason))
            else:
                envelope = self._envelope(platform, accelerator, Envelope())
                _add(targets, self._target(name, platform, accelerator, python, envelope), self.origin)
        for named in self.manifest.targets:
            _add(targets, self._named(named), named.origin or self.origin)
        if not targets:
            raise self._nothing_left(left_out.values())
        passed_over = tuple(self._passed_over)
        return Matrix(
            tuple(targets.values()), tuple(left_out.values()), tuple(self.host.problems), passed_over
        )

    def _cells(self) -> Iterator[tuple[Platform, Accelerator, str]]:
        for platform_name in dict.fromkeys(self._platforms):
            platform = self._platform(platform_name, self.origin)
            for python in dict.fromkeys(self._pythons):
                for word in dict.fromkeys(self._accelerators):
                    accelerator = self._accelerator(word, platform, python, Envelope(), self.origin)
                    if not any(_matches(e, platform, accelerator, python) for e in self.manifest.exclude):
                        yield platform, accelerator, python

    @cached_property
    def _platforms(self) -> tuple[str, ...]:
        if self.manifest.platforms:
            return self.manifest.platforms
        if self.host.platform is None:
            raise ManifestError(
                "this machine's platform is not known to any plugin",
                evidence=[f"known are {', '.join(self.plugins.platforms)}", *self._seen()],
                hints=['name the platforms that you want: platforms = ["linux-x86_64"] in [tool.provenv]'],
                origin=self.origin,
            )
        return (self.host.platform,)

    def _seen(self) -> Iterable[str]:
        facts = [self.host.probe.python(name) for name in ("system", "machine", "bits")]
        if facts[0]:
            yield f"this Python says: {facts[0]} on {facts[1]}, {facts[2] or '?'}-bit"

    @cached_property
    def _pythons(self) -> tuple[str, ...]:
        if self.manifest.python:
            return self.manifest.python
        pinned = self._conda_python() if self.manifest.kind == "environment" else None
        if pinned:
            return (pinned,)
        version = self.host.python
        if version is None:
            import platform

            version = platform.python_version()
        return (".".join(version.split(".")[:2]),)

    def _conda_python(self) -> str | None:
        """The Python that the manifest's conda packages pin, which is the conda targets' before any other."""
        if self.manifest.conda is None:
            return None
        from provenv.manifest.conda_table import spec_python

        return spec_python(self.manifest.conda.dependencies)

    @cached_property
    def _accelerators(self) -> tuple[str, ...]:
        return self.manifest.accelerators or tuple(dict.fromkeys((*self.host.usable, "cpu")))

    def _platform(self, name: str, origin: Origin) -> Platform:
        if name not in self.plugins.platforms:
            raise _unknown("platform", name, self.plugins.platforms, self.plugins.problems, origin)
        return self.plugins.platforms[name]

    def _accelerator(
        self, name: str, platform: Platform, python: str, own: Envelope, origin: Origin
    ) -> Accelerator:
        if name == "auto":
            name = self._best(platform, python, own)
        if name not in self.plugins.accelerators:
            known = (*self.plugins.accelerators, "auto")
            raise _unknown("accelerator", name, known, self.plugins.problems, origin)
        return self.plugins.accelerators[name]

    def _best(self, platform: Platform, python: str, own: Envelope) -> str:
        """What `auto` means: the hardware that is promised, or usable on this machine, else the processor.

        A promise is a word of the accelerator's own (`driver`, `gfx`) that manifest or target says, or
        for another machine's platform one of its defaults (`macos`), and that some build serves.
        """
        declared = {word for word, _ in self.manifest.envelope.merged(own).items}
        best, others = "", []
        for name, accelerator in self.plugins.accelerators.items():
            with self.host.watch("accelerator", name):
                against = self._against(accelerator, platform, python, own, declared)
                if against is None and not best:
                    best = name
                elif against is None and accelerator.torch_device != "cpu":
                    others.append(f"{name} ({best} comes before it)")
                elif against:
                    others.append(f"{name} ({against})")
        best = best or "cpu"
        if others:
            self._passed_over[f"on {platform.name} auto is {best}; passed over: {'; '.join(others)}"] = None
        return best

    def _against(
        self, accelerator: Accelerator, platform: Platform, python: str, own: Envelope, declared: set[str]
    ) -> str | None:
        """Why `auto` can't be an accelerator, "" where nothing speaks of it; None where it can.

        It can where it is promised and has a build for that, and where it is usable on this machine.
        """
        here = platform.name == self.host.platform
        if accelerator.accepts(platform.os, platform.arch) is not None:
            return ""
        words = {key.name for key in accelerator.envelope}
        if words & declared or (not here and words & {word for word, _ in platform.defaults.items}):
            full = _full_python(python, None, self.origin) or python
            envelope = self._envelope(platform, accelerator, own)
            context = Context(platform.name, platform.os, platform.arch, full, envelope)
            builds = accelerator.builds(context)
            rejected = [f"{one.build}: {one.reason}" for one in builds.rejected] or [
                "it has no build for that"
            ]
            return None if builds.offered else rejected[-1]  # the oldest build asks for least
        return self.host.fault(accelerator) if here else ""

    def _refusal(self, platform: Platform, accelerator: Accelerator, python: str) -> str | None:
        """Why there is no such target; None when there is."""
        refused = accelerator.accepts(platform.os, platform.arch)
        if refused is not None:
            return refused
        if _full_python(python, self.manifest.requires_python, self.origin) is None:
            return f"requires-python {self.manifest.requires_python!r} excludes Python {python}"
        return None

    def _target(
        self, name: str, platform: Platform, accelerator: Accelerator, python: str, envelope: Envelope
    ) -> Target:
        full = _full_python(python, self.manifest.requires_python, self.origin)
        return Target(
            name,
            platform.name,
            full or python,
            accelerator.name,
            envelope,
            groups=self.manifest.groups,
            extras=self.manifest.extras,
            packaging="conda" if self.manifest.kind == "environment" else "pip",
        )

    def _named(self, named: NamedTarget) -> Target:
        origin = named.origin or self.origin
        platform = self._platform(named.platform or self._platforms[0], origin)
        pinned = self._conda_python() if named.packaging == "conda" else None
        python = named.python or pinned or self._pythons[0]
        word = named.accelerator or self._accelerators[0]
        accelerator = self._accelerator(word, platform, python, named.envelope, origin)
        reason = self._refusal(platform, accelerator, python)
        if reason is not None:
            raise ManifestError(f"no plugin accepts target {named.name}", evidence=[reason], origin=origin)
        words = self._words(platform, accelerator)
        check_words(named.envelope, words, origin, whose=f"target {named.name}")
        envelope = self._envelope(platform, accelerator, named.envelope)
        return replace(
            self._target(named.name, platform, accelerator, python, envelope),
            groups=self.manifest.groups if named.groups is None else named.groups,
            extras=self.manifest.extras if named.extras is None else named.extras,
            build=named.build,
            packaging=named.packaging,
        )

    def _check_envelope(self) -> None:
        """The words at the top level must be some plugin's; each target takes those that are its own."""
        owners: list[Platform | Accelerator] = [*self.plugins.platforms.values()]
        owners += self.plugins.accelerators.values()
        check_words(self.manifest.envelope, known_words(*owners), self.origin, whose="[tool.provenv]")

    def _envelope(self, platform: Platform, accelerator: Accelerator, own: Envelope) -> Envelope:
        """The plugin's defaults, this machine where left open, the manifest's words, the target's own."""
        words = self._words(platform, accelerator)
        envelope = platform.defaults
        if self._is_this_machine(platform, self.manifest.platforms):
            envelope = lowest(envelope, self.host.envelope, words)
        if self._is_this_machine(platform, self.manifest.accelerators):
            detected = self.host.detections.get(accelerator.name)
            envelope = override(envelope, detected.envelope if detected else Envelope(), words)
            if WHEEL_VARIANTS in self.manifest.previews:
                for one in filter(None, (self.host.detections.get(PROCESSOR), detected)):
                    envelope = override(envelope, one.variants, words)
        envelope = override(envelope, select(self.manifest.envelope, words), words)
        return override(envelope, own, words)

    def _words(self, platform: Platform, accelerator: Accelerator) -> dict[str, EnvelopeKey]:
        """What a target can promise: the processor's words too, as every machine has one."""
        processor = self.plugins.accelerators.get(PROCESSOR, accelerator)
        return known_words(platform, processor, accelerator)

    def _is_this_machine(self, platform: Platform, declared: tuple[str, ...]) -> bool:
        """Whether the manifest leaves this list to the machine (open or `auto`)."""
        return (not declared or "auto" in declared) and platform.name == self.host.platform

    def _nothing_left(self, left_out: Iterable[LeftOut]) -> ManifestError:
        reasons = [f"{cell.name}: {cell.reason}" for cell in left_out]
        return ManifestError(
            "the manifest leaves no target to lock",
            evidence=reasons or ["`exclude` matches every cell"],
            hints=["change `platforms`, `accelerators`, `python` or `exclude` in [tool.provenv]"],
            origin=self.origin,
        )


def _add(targets: dict[str, Target], target: Target, origin: Origin) -> None:
    other = targets.setdefault(target.name, target)
    if other is not target:
        raise ManifestError(
            f"two targets are named {target.name}",
            evidence=[f"one for Python {other.python}, one for Python {target.python}"],
            hints=["give one of them a name of its own: [tool.provenv.targets.NAME]"],
            origin=origin,
        )


def _matches(exclusion: Exclusion, platform: Platform, accelerator: Accelerator, python: str) -> bool:
    return (
        exclusion.platform in (None, platform.name)
        and exclusion.accelerator in (None, accelerator.name)
        and (exclusion.python is None or f"{python}.".startswith(f"{exclusion.python}."))
    )


def _unknown(
    kind: str, name: str, known: Iterable[str], problems: tuple[str, ...], origin: Origin
) -> ManifestError:
    names = list(known)
    return ManifestError(
        f"there is no {kind} {name!r}",
        evidence=[f"known are {', '.join(names)}", *problems],
        hints=nearest(name, names) or ["`provenv plugin list` shows what there is"],
        origin=origin,
    )


# More patch releases than any minor version has had (3.9 had 25).
_PATCHES = 60


def _full_python(text: str, requires_python: str | None, origin: Origin) -> str | None:
    """`3.12` -> the first 3.12.x that `requires-python` allows (3.12.0 where there is none); None: none is.

    Raises ManifestError when the text is no Python version.
    """
    parts = text.split(".")
    if not (2 <= len(parts) <= 3 and all(p.isascii() and p.isdigit() for p in parts) and parts[0] == "3"):
        raise ManifestError(
            f"{text!r} is no Python version to lock for",
            hints=["write a minor or full version of CPython 3, such as 3.12 or 3.12.4"],
            origin=origin,
        )
    candidates = [text] if len(parts) == 3 else [f"{text}.{patch}" for patch in range(_PATCHES)]
    if not requires_python:
        return candidates[0]
    from provenv.standards.specifiers import python_allows

    return next((version for version in candidates if python_allows(requires_python, version)), None)
