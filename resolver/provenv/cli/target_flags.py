"""The flags that describe one target on a command line, the plugins' own envelope words among them."""

from __future__ import annotations

from collections.abc import Iterable

from provenv.errors import InputError
from provenv.hooks.manager import Plugins
from provenv.hooks.types import Envelope, EnvelopeKey
from provenv.manifest.spelling import spelling_hints
from provenv.manifest.values import Manifest
from provenv.values import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add_target_flags(parser: argparse.ArgumentParser, plugins: Plugins) -> None:
    """`--python --platform --accelerator --build` and a flag for every envelope word that a plugin knows."""
    group = parser.add_argument_group("target (default: this machine)")
    group.add_argument("--python", metavar="VERSION", help="3.12 means 3.12.0")
    group.add_argument("--platform", metavar="NAME", help=", ".join(sorted(plugins.platforms)))
    names = ", ".join(("auto", *plugins.accelerators))
    group.add_argument("--accelerator", metavar="NAME", default="auto", help=f"{names} (default: auto)")
    group.add_argument("--build", metavar="NAME", help="this build of the accelerator's packages, e.g. cu126")
    for key in plugins.envelope_keys:
        group.add_argument(
            f"--{key.name}",
            metavar=key.metavar,
            action="append" if key.multiple else "store",
            dest=_dest(key),
            help=key.help.replace("%", "%%"),
        )


def with_target(manifest: Manifest, args: argparse.Namespace, plugins: Plugins) -> Manifest:
    """The manifest with the one target that the flags describe in place of its matrix.

    Raises InputError for a platform or an accelerator that no plugin has.
    """
    check_names(args, plugins)
    return replace(
        manifest,
        python=(args.python,) if args.python else (),
        platforms=(args.platform,) if args.platform else (),
        accelerators=(args.accelerator,),
        envelope=envelope_of(args, plugins),
        targets=(),
        exclude=(),
        requires_python=None,
    )


def check_names(args: argparse.Namespace, plugins: Plugins) -> None:
    """Raises InputError for a platform or an accelerator that no plugin has."""
    _check("--platform", args.platform, plugins.platforms)
    _check("--accelerator", args.accelerator, ("auto", *plugins.accelerators))


def _check(flag: str, name: str | None, known: Iterable[str]) -> None:
    names = list(known)
    if name and name not in names:
        what = flag.removeprefix("--")
        raise InputError(
            f"{flag}: there is no {what} {name!r}", hints=spelling_hints(name, names, f"{what}s")
        )


def envelope_of(args: argparse.Namespace, plugins: Plugins) -> Envelope:
    """What the flags promise."""
    given = {key.name: getattr(args, _dest(key)) for key in plugins.envelope_keys}
    return Envelope.of({name: value for name, value in given.items() if value is not None})


def _dest(key: EnvelopeKey) -> str:
    return f"envelope_{key.name.replace('-', '_')}"
