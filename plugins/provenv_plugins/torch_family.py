"""Whether the packages around an installed torch belong to it: versions and builds."""

from __future__ import annotations

import re
from collections.abc import Iterable

from provenv.hooks import Finding, Installation, Probe
from provenv_plugins.numbers import parse_numbers
from provenv_plugins.tables import rows
from provenv_plugins.torch_installed import InstalledTorch, install_command, read_torch
from provenv_plugins.torch_pairs import companions, undeclared

COMPILED_AGAINST_TORCH = ("torchvision", "torchaudio", "torchtext")

_BUILD_LABEL = re.compile(r"cu\d{2,3}|rocm\d[\d.]*|cpu|xpu")


def inspect(probe: Probe, installation: Installation) -> Iterable[Finding]:
    """What was installed beside torch and is of another torch, or of another build."""
    torch = read_torch(probe, installation)
    if torch is None:
        return
    yield from _twice(probe, installation)
    yield from _versions(probe, installation, torch)
    yield from _builds(probe, installation, torch)
    yield from _extensions(installation, torch)


def _twice(probe: Probe, installation: Installation) -> Iterable[Finding]:
    found = [one.version for one in installation.distributions if one.name == "torch"]
    if len(found) > 1:
        yield Finding(
            "torch-installed-twice",
            f"{_place(installation)} has the metadata of torch {' and of torch '.join(found)}",
            install_command(probe, installation, [f"torch=={found[-1]}"]),
            "error",
            "an upgrade was broken off: the files are of both, and importing torch fails or takes wrong ones",
        )


def _versions(probe: Probe, installation: Installation, torch: InstalledTorch) -> Iterable[Finding]:
    pairs = _pairs(torch.version)
    wrong = []
    for name in COMPILED_AGAINST_TORCH:
        found, wanted = installation.find(name), pairs.get(name)
        public = found.version.partition("+")[0] if found else ""
        if found is None or wanted is None or public == wanted:
            continue
        if _minor(public) == _minor(wanted):
            yield Finding(
                "torch-family-patch-differs",
                f"{name} {found.version} is for another patch release of torch; with {torch} goes {wanted}",
                install_command(probe, installation, [f"{name}=={wanted}"], _index_of(torch)),
                "note",
            )
        else:
            wrong.append((found.name, found.version, wanted))
    if wrong:
        beside = " and ".join(f"{name} {version}" for name, version, _ in wrong)
        yield Finding(
            "torch-family-mismatch",
            f"{_place(installation)} has {beside} beside {torch}; with it go "
            + " and ".join(f"{name} {wanted}" for name, _, wanted in wrong),
            install_command(
                probe, installation, [f"{name}=={wanted}" for name, _, wanted in wrong], _index_of(torch)
            ),
            "error",
            "they call torch's C++ library, which differs between releases: importing them fails, or an "
            "operator is missing (`torchvision::nms does not exist`)",
        )
    yield from _triton(installation, torch, pairs.get("triton"))


def _pairs(torch: str) -> dict[str, str]:
    """What goes with a torch; with a patch release that no table has, what goes with its minor's last."""
    exact = companions(torch)
    if exact:
        return dict(exact)
    same = [text for row in rows("torch_pairs", "pair") if _minor(text := row.text("torch")) == _minor(torch)]
    return dict(companions(same[-1])) if same else {}


def _minor(version: str) -> tuple[int, ...] | None:
    numbers = parse_numbers(version)
    return numbers[:2] if numbers else None


def _triton(installation: Installation, torch: InstalledTorch, wanted: str | None) -> Iterable[Finding]:
    found = installation.find("triton")
    if found is None or wanted is None or torch.built_for != "cuda":
        return
    if not _satisfies(found.version, wanted):
        yield Finding(
            "triton-mismatch",
            f"triton {found.version} is beside {torch}, which is for triton{wanted}",
            f'pip install "triton{wanted}"' if installation.accelerator is None else "provenv install",
            "warning",
            "torch.compile uses triton's insides and fails with another release; eager training goes on",
        )


def _satisfies(version: str, clause: str) -> bool:
    """`==3.1.0`, `~=3.9.0` and `==2.6.*`, `>=2.11`: the forms that the tables hold."""
    operator, text = clause[:2], clause[2:]
    own, wanted = parse_numbers(version.partition("+")[0]), parse_numbers(text.removesuffix(".*"))
    if own is None or wanted is None:
        return True
    if operator == ">=":
        return own >= wanted
    if operator == "~=":
        return own >= wanted and own[: len(wanted) - 1] == wanted[:-1]
    return own[: len(wanted)] == wanted


def _builds(probe: Probe, installation: Installation, torch: InstalledTorch) -> Iterable[Finding]:
    """A package of another build: its label is one of a build, and not torch's."""
    if not torch.build:
        return
    for name in COMPILED_AGAINST_TORCH:
        found = installation.find(name)
        label = found.version.partition("+")[2] if found else ""
        if found is None or not _BUILD_LABEL.fullmatch(label) or _alike(label, torch):
            continue
        yield Finding(
            "torch-family-builds-differ",
            f"{name} {found.version} is of another build than {torch}"
            + (f" (built for {torch.build})" if not torch.label else ""),
            install_command(
                probe, installation, [f"{name}=={found.version.partition('+')[0]}"], _index_of(torch)
            ),
            "error",
            "it looks for the libraries of its own build, which this torch does not bring: importing it "
            "fails, or it can't use the GPU",
        )


def _alike(label: str, torch: InstalledTorch) -> bool:
    """torchvision refuses another CUDA major alone; 12.4 beside 12.6 works."""
    own, other = torch.build, label
    return own == other or (own.startswith("cu") and other.startswith("cu") and own[:-1] == other[:-1])


def _extensions(installation: Installation, torch: InstalledTorch) -> Iterable[Finding]:
    """What is for some torch without saying so in its metadata; torchtext, of which no more will come."""
    pairs = _pairs(torch.version)
    text, codec = installation.find("torchtext"), installation.find("torchcodec")
    if text and pairs and "torchtext" not in pairs:
        yield Finding(
            "torchtext-has-ended",
            f"torchtext {text.version} is beside {torch}; its last release, 0.18.0, is for torch 2.3",
            "pip uninstall torchtext, and read texts with datasets or plain Python; or pin torch<2.4",
            "error",
            "it calls torch's C++ library of its own release: importing it ends in an undefined symbol",
        )
    clauses = (
        [need.removeprefix("torch") for need in undeclared("torchcodec", codec.version)] if codec else []
    )
    if codec and not all(_satisfies(torch.version, clause) for clause in clauses):
        yield Finding(
            "torchcodec-mismatch",
            f"torchcodec {codec.version} is beside {torch} and is for torch{' and torch'.join(clauses)}",
            "pip install --upgrade torchcodec" if installation.accelerator is None else "provenv install",
            "error",
            "it calls torch's C++ library of another release: importing it fails",
        )


def _index_of(torch: InstalledTorch) -> str | None:
    from provenv_plugins.pytorch import index_of

    return index_of(torch.label) if _BUILD_LABEL.fullmatch(torch.label) else None


def _place(installation: Installation) -> str:
    return installation.prefix or "the environment"
