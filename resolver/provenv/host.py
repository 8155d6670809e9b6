"""This machine, or a recorded one, as the plugins see it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cached_property

from provenv.errors import PluginError
from provenv.hooks.manager import Plugins
from provenv.hooks.types import Accelerator, Detection, Device, Envelope, Finding, Probe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from provenv.pastes.understanding import Understanding

_OS = {"Linux": "linux", "Darwin": "macos", "Windows": "windows"}


class Host:
    """The facts of one machine, asked of the plugins when they are first needed.

    `problems` gets a line for every plugin that fails while it looks; the others' answers stand.
    """

    def __init__(self, plugins: Plugins, probe: Probe) -> None:
        self.plugins = plugins
        self.probe = probe
        self.problems: list[str] = []
        self._detections: dict[str, Detection | None] = {}

    @property
    def platform(self) -> str | None:
        """The platform's name; None when no plugin knows it."""
        return self._platform[0]

    @property
    def envelope(self) -> Envelope:
        """What the machine promises as a platform: its glibc, its macOS."""
        return self._platform[1]

    @cached_property
    def _platform(self) -> tuple[str | None, Envelope]:
        for name, platform in self.plugins.platforms.items():
            with self.watch("platform", name):
                envelope = platform.detect(self.probe)
                if envelope is not None:
                    return name, envelope
        return None, Envelope()

    @property
    def os(self) -> str | None:
        """`linux`, `macos`, `windows`; of a machine that no platform plugin knows as far as it says so."""
        platform = self.plugins.platforms.get(self.platform or "")
        return platform.os if platform else _OS.get(self.probe.python("system") or "")

    @property
    def system(self) -> str | None:
        """The operating system as it calls itself (`uname`, `platform.system()`), in lower case: `darwin`."""
        told = self.probe.python("system")
        platform = self.plugins.platforms.get(self.platform or "")
        if not told and platform is not None:
            told = platform.marker_environment(platform.defaults)["platform_system"]
        return told.lower() if told else None

    @property
    def arch(self) -> str | None:
        """`x86_64`, `aarch64`, `arm64` ...; of a machine that no platform plugin knows as it says so."""
        platform = self.plugins.platforms.get(self.platform or "")
        return platform.arch if platform else self.probe.python("machine")

    @cached_property
    def pasted(self) -> Understanding:
        """What the plugins' readers make of the pastes that the machine is known by; a live one has none."""
        from provenv.pastes.understanding import Understanding, understand

        pastes = self.probe.pastes()
        found = understand(pastes, self.plugins.paste_readers.values()) if pastes else Understanding()
        self.problems += found.problems
        return found

    @cached_property
    def python(self) -> str | None:
        """The interpreter's full version; None where a paste does not say it."""
        return self.probe.python("version")

    @cached_property
    def detections(self) -> dict[str, Detection]:
        """What every accelerator plugin found, in order of preference; those that exist on this platform."""
        found = ((name, self.detection(name)) for name in self.plugins.accelerators)
        return {name: detection for name, detection in found if detection is not None}

    def detection(self, name: str) -> Detection | None:
        """What one accelerator's plugin found; None for one that does not exist on this platform."""
        if name not in self._detections:
            self._detections[name] = self._detect(name, here=True)
        return self._detections[name]

    def _detect(self, name: str, *, here: bool) -> Detection | None:
        """Of an accelerator that exists on this platform, or of one that does not."""
        accelerator = self.plugins.accelerators.get(name)
        with self.watch("accelerator", name):
            if accelerator is not None and self._exists(accelerator) is here:
                return accelerator.detect(self.probe)
        return None

    def _exists(self, accelerator: Accelerator) -> bool:
        os, arch = self.os, self.arch
        return os is None or arch is None or accelerator.accepts(os, arch) is None

    @cached_property
    def devices(self) -> tuple[Device, ...]:
        """Every device but the processor, also of makers whose devices nothing here can train on."""
        elsewhere = (self._detect(name, here=False) for name in self.plugins.accelerators)
        detections = (*self.detections.values(), *filter(None, elsewhere))
        found = [device for detection in detections for device in detection.devices if device.vendor != "cpu"]
        makers = {device.vendor for device in found}
        found += (device for device in self.pasted.devices if device.vendor not in makers)
        slots = [dict(device.facts).get("pci_slot", "") for device in found]
        if all(slots):  # the bus's order, where all are known by it
            found = [device for _, device in sorted(zip(slots, found, strict=True), key=lambda pair: pair[0])]
        return tuple(found)

    def fact(self, name: str) -> str | None:
        """What the devices' software says (`driver`, `cuda_reported`), by the first that knows."""
        found = (dict(detection.facts).get(name) for detection in self.detections.values())
        return next(filter(None, found), None) or self.pasted.fact(name)

    @cached_property
    def usable(self) -> tuple[str, ...]:
        """The accelerators that would train here, best first; cpu is among them whatever else fails."""
        return tuple(name for name, detection in self.detections.items() if detection.usable)

    def fault(self, accelerator: Accelerator) -> str | None:
        """Why an accelerator would not train here; "" where nothing of it is here, None where it would."""
        detection = self.detections.get(accelerator.name)
        if detection is None or detection.usable:
            return "" if detection is None else None
        errors = [found.message for found in accelerator.diagnose(self.probe) if found.severity == "error"]
        unknown = f"no usable {accelerator.name} device was found" if detection.devices else ""
        return errors[0] if errors else unknown

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What the plugins think worth telling, each once, errors first."""
        found = {f: None for detection in self.detections.values() for f in detection.findings}
        if self.probe.pastes():
            from provenv.pastes.questions import left_open

            found.update(dict.fromkeys((*self.pasted.findings, *left_open(self))))
        for kind, owners in (
            ("platform", self.plugins.platforms),
            ("accelerator", self.plugins.accelerators),
        ):
            for name, owner in owners.items():
                with self.watch(kind, name):
                    found.update(dict.fromkeys(owner.diagnose(self.probe)))
        order = ("error", "warning", "note")
        return tuple(sorted(found, key=lambda finding: order.index(finding.severity)))

    @contextlib.contextmanager
    def watch(self, kind: str, name: str) -> Iterator[None]:
        """A plugin that raises is named, and the rest goes on."""
        try:
            yield
        except PluginError as error:
            if error.message not in self.problems:
                self.problems.append(error.message)
        except (Exception, SystemExit) as error:
            # what a generator raises comes after its function has returned
            words = " ".join(str(error).split())
            source = self.plugins.sources.get((kind, name), name)
            self.problems.append(f"{source} failed on {kind} {name}: {type(error).__name__}: {words}")
