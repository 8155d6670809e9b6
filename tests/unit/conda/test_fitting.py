"""Which machines can use a conda lock: by what its packages ask for, its driver and its GPUs."""

from __future__ import annotations

import pytest

from provenv.fitting import fit
from provenv.hooks.manager import plugins
from provenv.hooks.types import Envelope
from provenv.host import Host
from provenv.recording import RecordedProbe
from provenv.resolution import CondaPackage
from provenv.targets import Target
from support import machines

pytest.importorskip("rattler")
PLUGINS = plugins()


def package(name: str, version: str, build: str, *asks: str) -> CondaPackage:
    folder = "https://conda.example/team"
    url = f"{folder}/linux-64/{name}-{version}-{build}.conda"
    return CondaPackage(name, version, build, 0, "linux-64", folder, url, "0" * 32, asks=asks)


CUDA_129 = (
    package("pytorch", "2.7.1", "cuda129_generic_py313_h5e65456_200", "__cuda", "__glibc >=2.17,<3.0.a0"),
    package("ffmpeg", "7.1", "gpl_h127656b_906", "__cuda >=12.8"),
)


def gpu(driver: str, cuda: str, capability: str) -> RecordedProbe:
    return machines.linux(**machines.nvml(driver, cuda, ("a GPU", capability, 24564)))


def reasons(
    probe: RecordedProbe, packages: tuple[CondaPackage, ...] = CUDA_129, **words: str
) -> tuple[str, ...]:
    target = Target(
        "lab",
        "linux-x86_64",
        "3.13.0",
        "cuda",
        Envelope.of({"cuda": "12.9", "glibc": "2.28", **words}),
        packaging="conda",
    )
    return fit(target, Host(PLUGINS, probe), conda=packages).reasons


def test_a_driver_that_serves_its_cuda() -> None:
    assert reasons(gpu("575.57.08", "12.9", "8.9")) == ()


def test_a_driver_that_is_too_old_for_what_a_package_asks() -> None:
    assert reasons(gpu("550.54.14", "12.4", "8.9")) == (
        "ffmpeg needs __cuda >=12.8, and this machine has __cuda 12.4",
    )


def test_a_driver_of_another_cuda_major() -> None:
    found = reasons(gpu("470.82.01", "11.4", "8.0"))
    assert "ffmpeg needs __cuda >=12.8, and this machine has __cuda 11.4" in found
    assert any(reason.startswith("pytorch 2.7.1 (cuda129_generic") for reason in found)


def test_a_gpu_that_its_builds_no_longer_or_not_yet_run_on() -> None:
    thirteen = (package("pytorch", "2.10.0", "cuda130_generic_py313_h1_200", "__cuda"),)
    older = (package("pytorch", "2.5.1", "cuda126_py313_h1_300", "__cuda"),)
    assert reasons(gpu("580.65.06", "13.0", "7.5"), thirteen) == ()
    assert reasons(gpu("580.65.06", "13.0", "7.0"), thirteen) != ()
    assert reasons(gpu("580.65.06", "13.0", "9.0"), older) == ()
    (told,) = reasons(gpu("580.65.06", "13.0", "12.0"), older)
    assert told.startswith("pytorch 2.5.1 (cuda126_py313_h1_300) is no build for this machine's cuda (")
    assert "compute-capability 12.0" in told


def test_a_build_for_the_processor_in_a_lock_for_a_gpu() -> None:
    cpu = (package("pytorch", "2.7.1", "cpu_generic_py313_h1_0"),)
    assert len(reasons(gpu("575.57.08", "12.9", "8.9"), cpu)) == 1


def test_a_glibc_that_is_too_old_for_a_package() -> None:
    target = Target("lab", "linux-x86_64", "3.13.0", "cpu", Envelope.of({"glibc": "2.17"}), packaging="conda")
    new = (package("thing", "1.0", "0", "__glibc >=2.34"),)
    host = Host(PLUGINS, machines.linux(libc="glibc 2.28"))
    assert fit(target, host, conda=new).reasons == (
        "thing needs __glibc >=2.34, and this machine has __glibc 2.28",
    )


def test_condas_own_variables_count_here() -> None:
    target = Target("lab", "linux-x86_64", "3.13.0", "cpu", Envelope.of({"glibc": "2.17"}), packaging="conda")
    new = (package("thing", "1.0", "0", "__glibc >=2.34"),)
    probe = machines.linux(libc="glibc 2.28", environment={"CONDA_OVERRIDE_GLIBC": "2.35"})
    assert fit(target, Host(PLUGINS, probe), conda=new).reasons == ()
