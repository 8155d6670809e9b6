"""Which releases of a package go together with what, and which of them a machine or a target can run."""

from __future__ import annotations

from collections.abc import Iterator

from provenv.envelopes import check_words, known_words, override, select
from provenv.errors import InputError
from provenv.hooks.types import Accelerator, Context, Envelope, Platform, ReleaseRow, Releases
from provenv.host import Host
from provenv.values import dataclass, replace


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about. None and empty: the machine's own, where it is the one that is asked about.

    `platform`, `accelerator`, `build`: names. `python`: a version, None: any. `envelope`: promised hardware.
    """

    platform: str | None = None
    accelerator: str | None = None
    build: str | None = None
    python: str | None = None
    envelope: Envelope = Envelope()


@dataclass(frozen=True, slots=True)
class Compatibility:
    """The answer: rows of the accelerator that decides, then those of others that it was taken for.

    `best`: the row to take, None where none of the accelerator's runs.
    """

    package: str
    accelerator: str
    rows: tuple[ReleaseRow, ...]
    best: ReleaseRow | None
    notes: tuple[str, ...]


def compatibility(package: str, asked: Asked, host: Host, *, is_host: bool) -> Compatibility:
    """The table of a package for what is asked about.

    `is_host`: the question is about the host's hardware (and the envelope corrects it); otherwise about a
    target that promises the envelope and nothing else. Without an accelerator the hardware decides, and the
    last of the accelerators (the processor) is the answer where nothing better runs.
    Raises InputError for a package without a table, a platform or a word that does not fit.
    """
    return _Question(package, asked, host, is_host).answer()


class _Question:
    def __init__(self, package: str, asked: Asked, host: Host, is_host: bool) -> None:
        self.package, self.asked, self.host = package, asked, host
        self.platform = _platform(asked, host, is_host=is_host)
        # a machine's hardware says nothing about a target on another platform
        self.is_host = is_host and host.platform in (None, self.platform.name)
        self.is_assumed = asked.platform is None and host.platform is None

    def answer(self) -> Compatibility:
        notes: dict[str, None] = {}
        if self.is_assumed:
            notes[
                f"nothing tells the platform: {self.platform.name} is assumed (--platform names another)"
            ] = None
        passed: list[ReleaseRow] = []
        found: Compatibility | None = None
        for accelerator in self._accelerators():
            told = self._releases(accelerator)
            notes.update(dict.fromkeys(told.notes))
            best = next((row for row in told.rows if row.runs is not False), None)
            name = accelerator.name if told.rows or found is None else found.accelerator
            found = Compatibility(self.package, name, (*told.rows, *passed), best, tuple(notes))
            if best is not None:
                break
            passed += told.rows
            if told.rows:
                notes[f"not {accelerator.name}: {told.rows[0].why}"] = None
        if found is None or not found.rows:
            raise self._no_table()
        return found

    def _accelerators(self) -> Iterator[Accelerator]:
        """The one that is asked about, or those that the hardware speaks of and the processor, best first."""
        known = self.host.plugins.accelerators
        check_words(
            self.asked.envelope, known_words(self.platform, *known.values()), None, whose="the target"
        )
        if self.asked.accelerator is not None:
            accelerator = known[self.asked.accelerator]
            refused = accelerator.accepts(self.platform.os, self.platform.arch)
            if refused:
                raise InputError(
                    f"there is no {accelerator.name} on {self.platform.name}", evidence=[refused]
                )
            yield accelerator
            return
        present = []
        for accelerator in known.values():
            with self.host.watch("accelerator", accelerator.name):
                if accelerator.accepts(self.platform.os, self.platform.arch) is None:
                    present.append(accelerator)
        named = self.asked.build is not None  # a build's name tells whose it is
        yield from (a for a in present if named or a is present[-1] or self._is_meant(a))

    def _is_meant(self, accelerator: Accelerator) -> bool:
        """Whether a machine has such devices, or a target promises them (macOS on arm64: by itself)."""
        own = {key.name for key in accelerator.envelope}
        words = own - {key.name for key in self.platform.envelope}
        if words & {word for word, _ in self.asked.envelope.items}:
            return True
        if self.is_host:
            detection = self.host.detections.get(accelerator.name)
            return detection is not None and bool(detection.devices)
        return bool(own) and not words

    def _releases(self, accelerator: Accelerator) -> Releases:
        told = accelerator.releases(self.package, self._context(accelerator))
        if self.asked.build is not None:
            told = replace(told, rows=tuple(row for row in told.rows if row.build == self.asked.build))
        fault = self._fault(accelerator) if self.is_host else None
        if fault is None:
            return told
        rows = (row if row.runs is False else replace(row, runs=False, why=fault) for row in told.rows)
        return replace(told, rows=tuple(rows))

    def _fault(self, accelerator: Accelerator) -> str | None:
        """Why the machine's own device can't be used, whatever the release; None when it can."""
        own = {key.name for key in accelerator.envelope}
        detection = self.host.detections.get(accelerator.name)
        if detection is None or detection.usable or own & {word for word, _ in self.asked.envelope.items}:
            return None
        return self.host.fault(accelerator) or f"no usable {accelerator.name} device was found"

    def _context(self, accelerator: Accelerator) -> Context:
        words = known_words(self.platform, accelerator)
        envelope = self.platform.defaults
        if self.is_host:
            detection = self.host.detections.get(accelerator.name)
            envelope = override(envelope, self.host.envelope, words)
            envelope = override(envelope, detection.envelope if detection else Envelope(), words)
        envelope = override(envelope, select(self.asked.envelope, words), words)
        platform = self.platform
        return Context(platform.name, platform.os, platform.arch, self.asked.python or "", envelope)

    def _no_table(self) -> InputError:
        if self.asked.build is not None:
            return InputError(
                f"there is no build {self.asked.build} of {self.package} for {self.platform.name}",
                hints=[f"`provenv compat {self.package} -v` shows every one"],
            )
        return InputError(
            f"no accelerator plugin has a table of the releases of {self.package}",
            hints=["the built-in plugins know torch: `provenv compat torch`"],
        )


def _platform(asked: Asked, host: Host, *, is_host: bool) -> Platform:
    """The platform that is asked about; of a paste that does not tell, the commonest that it can be of."""
    known = host.plugins.platforms
    name = asked.platform or host.platform
    if name is None and is_host and host.probe.pastes():
        os = host.os or "linux"
        name = f"{os}-{host.arch or ('arm64' if os == 'macos' else 'x86_64')}"
    if name is None or name not in known:
        raise InputError(
            "which platform it is can't be told",
            evidence=[f"known are {', '.join(known)}"],
            hints=["name it with --platform"],
        )
    return known[name]
