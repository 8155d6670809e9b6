"""The lock for this machine: which fits, which is best, and why the others are not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from provenv.environments.choose import Candidate, choose_lock
from provenv.environments.fitting import rank, unfit
from provenv.errors import InstallError
from provenv.hooks.manager import Plugins
from provenv.hooks.types import Accelerator, Builds, Detection, Device, Envelope, EnvelopeKey
from provenv.host import Host
from provenv.probe import LiveProbe
from provenv.targets import Target
from support.locking import TARGET

from .conftest import platform


class Python312(LiveProbe):
    """A machine whose interpreter is 3.12."""

    def python(self, name: str) -> str | None:
        return "3.12.3" if name == "version" else super().python(name)


def accelerator(name: str, preference: int, detection: Detection) -> Accelerator:
    return Accelerator(
        name=name,
        preference=preference,
        accepts=lambda os, arch: None,
        detect=lambda probe: detection,
        builds=lambda context: Builds(()),
        torch_device=name,
        envelope=(EnvelopeKey("driver", "VERSION", ""), EnvelopeKey("gfx", "NAME", "", multiple=True)),
    )


def host(*, here: Envelope = Envelope(), cuda: Detection | None = None) -> Host:  # a frozen value
    keys = (EnvelopeKey("glibc", "V", ""), EnvelopeKey("musl", "V", "", replaces=("glibc",)))
    linux = replace(platform(), detect=lambda probe: here, envelope=keys)
    accelerators = {
        "cuda": accelerator("cuda", 10, cuda or Detection(usable=False)),
        "cpu": accelerator("cpu", 100, Detection(usable=True)),
    }
    return Host(Plugins({linux.name: linux}, accelerators, {}, {}, {}, {}), Python312())


def target(name: str, accelerator: str = "cpu", python: str = "3.12.0", **words: str) -> Target:
    return replace(TARGET, name=name, accelerator=accelerator, python=python, envelope=Envelope.of(words))


GPU = Detection(usable=True, envelope=Envelope.of({"driver": "550.54", "gfx": ["gfx1100"]}))
BROKEN = Detection(usable=False, devices=(Device("nvidia", "H100"),))


@pytest.mark.parametrize(
    ("asked", "machine", "reason"),
    [
        (target("t"), host(), None),
        (replace(TARGET, platform="macos-arm64"), host(),
         "it is for macos-arm64, and this machine is linux-x86_64"),
        (replace(TARGET, packaging="conda"), host(), "it is a conda target"),
        (target("t", "cuda"), host(), "it is for cuda, and no usable device of that kind was found"),
        (target("t", "cuda"), host(cuda=BROKEN), "it is for cuda, and what was found is not usable: H100"),
        (target("t", "cuda", driver="550"), host(cuda=GPU), None),
        (target("t", "cuda", driver="570"), host(cuda=GPU),
         "it needs driver 570, and this machine has 550.54"),
        (target("t", "cuda", gfx="gfx1100"), host(cuda=GPU), None),
        (target("t", "cuda", gfx="gfx942"), host(cuda=GPU),
         "it needs gfx gfx942, and this machine has gfx1100"),
        (target("t", glibc="2.28"), host(here=Envelope.of({"glibc": "2.36"})), None),
        (target("t", glibc="2.28"), host(here=Envelope.of({"glibc": "2.9"})),
         "it needs glibc 2.28, and this machine has 2.9"),
        (target("t", glibc="2.28"), host(here=Envelope.of({"musl": "1.2"})),
         "it needs glibc 2.28, and this machine has musl"),
        (target("t", glibc="2.28"), host(), None),
    ],
)  # fmt: skip
def test_a_target_fits_a_machine_that_keeps_its_promises(
    asked: Target, machine: Host, reason: str | None
) -> None:
    assert unfit(asked, machine) == reason


def candidates(folder: Path, *targets: Target) -> list[Candidate]:
    found = [Candidate(t, folder / f"{t.name}.toml") for t in targets]
    for candidate in found:
        candidate.path.touch()
    return found


def test_the_preferred_accelerator_and_the_running_python_win(tmp_path: Path) -> None:
    machine = host(cuda=GPU)
    given = candidates(
        tmp_path,
        target("old", python="3.11.0"),
        target("cpu"),
        target("gpu-old", "cuda", "3.11.0"),
        target("gpu", "cuda"),
    )
    choice = choose_lock(given, lambda t: unfit(t, machine), lambda t: rank(t, machine))
    assert choice.chosen.target.name == "gpu"
    assert [name for name, _ in choice.others] == ["old", "cpu", "gpu-old"]


def test_of_equal_ones_the_first_is_taken(tmp_path: Path) -> None:
    machine = host()
    given = candidates(tmp_path, target("b"), target("a"))
    choice = choose_lock(given, lambda t: unfit(t, machine), lambda t: rank(t, machine))
    assert choice.chosen.target.name == "b"
    assert choice.others == (("a", "it fits too, but b is preferred"),)


def test_a_target_without_a_lock_is_passed_over(tmp_path: Path) -> None:
    machine = host(cuda=GPU)
    given = [
        *candidates(tmp_path, target("cpu")),
        Candidate(target("gpu", "cuda"), tmp_path / "missing.toml"),
    ]
    choice = choose_lock(given, lambda t: unfit(t, machine), lambda t: rank(t, machine))
    assert choice.chosen.target.name == "cpu"
    assert choice.others == (("gpu", f"it has no lock yet ({tmp_path / 'missing.toml'})"),)


def test_when_nothing_fits_every_reason_is_told(tmp_path: Path) -> None:
    machine = host()
    given = candidates(tmp_path, target("gpu", "cuda"), replace(TARGET, name="mac", platform="macos-arm64"))
    with pytest.raises(InstallError, match="no lock fits this machine") as caught:
        choose_lock(given, lambda t: unfit(t, machine), lambda t: rank(t, machine))
    assert caught.value.evidence == (
        "gpu: it is for cuda, and no usable device of that kind was found",
        "mac: it is for macos-arm64, and this machine is linux-x86_64",
    )
