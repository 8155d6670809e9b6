"""`provenv outdated`: what `provenv lock --upgrade` would change, and what the manifest holds back."""

from __future__ import annotations

from provenv.cli import reading
from provenv.cli.output import print_json, table
from provenv.cli.progress import progress
from provenv.locking import resolver_of
from provenv.locks.reader import Lock
from provenv.project import Project
from provenv.resolving.resolve import Options, Resolver
from provenv.targets import Target
from provenv.values import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
It resolves anew without writing anything. `latest` is the newest version that has a file for the target."""

EXAMPLES = """\
examples:
  provenv outdated
  provenv outdated --target linux-x86_64-cuda-py312 --json
"""


@dataclass(frozen=True, slots=True)
class Outdated:
    """A package that is behind. `upgrade`: what a relock would take, None: it would leave the package out."""

    name: str
    locked: str
    upgrade: str | None
    latest: str | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    reading.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Prints a row for every package that is behind."""
    project, lock, _ = reading.open_lock(args)
    # as `lock --upgrade`, whose answer this foretells
    behind = outdated(replace(project, refresh=True), lock, quiet=args.quiet or args.json)
    if args.json:
        rows = [
            {"name": b.name, "locked": b.locked, "upgrade": b.upgrade, "latest": b.latest} for b in behind
        ]
        print_json({"target": lock.target.name, "packages": rows})
    elif behind:
        cells = [(b.name, b.locked, b.upgrade or "(left out)", b.latest or "-") for b in behind]
        print(table(("package", "locked", "upgrade", "latest"), cells))
    else:
        print(f"{lock.path.name} is up to date")
    return 0


def outdated(project: Project, lock: Lock, *, quiet: bool = True) -> list[Outdated]:
    """The packages of a lock for which a relock would take another version, or the index has a newer one."""
    with progress(quiet=quiet) as shown, resolver_of(project, shown.event, shown.note) as resolver:
        shown.target(lock.target)
        (target,) = project.targets([lock.target.name])
        if target.packaging == "conda":
            return _outdated_conda(project, target, lock, resolver)
        resolution = resolver.resolve(target, Options({}))
        upgrades = {package.name: package.version for package in resolution.packages}
        rows = []
        for package in lock.packages:
            if package.direct is not None:
                continue
            latest = resolver.latest(target, package.name)
            if upgrades.get(package.name) != package.version or latest not in (None, package.version):
                rows.append(Outdated(package.name, package.version, upgrades.get(package.name), latest))
    return rows


def _outdated_conda(project: Project, target: Target, lock: Lock, resolver: Resolver) -> list[Outdated]:
    """The same for a conda target; what no relock would take is not looked for in its channels."""
    from provenv.mixing import Mixer

    with Mixer(project, lambda: resolver) as mixer:
        found = mixer.resolve(target)
    after = {package.name: package.version for package in found.conda}
    after |= {package.name: package.version for package in found.packages}
    return [
        Outdated(name, version, after.get(name), None)
        for name, version in sorted(lock.versions.items())
        if after.get(name) != version
    ]
