"""`provenv doctor`: what stands in the way of a training run, and the command that mends it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from provenv.cli.detect import probe_of
from provenv.cli.flags import add_evidence, add_output, add_project, add_targets, previewed, project_path
from provenv.cli.output import BOLD, DIM, GREEN, RED, YELLOW, paint, print_json, warn
from provenv.errors import InputError, ProvenvError
from provenv.hooks.manager import plugins
from provenv.hooks.types import Finding, Probe
from provenv.host import Host

if TYPE_CHECKING:
    import argparse

    from provenv.doctor.checkup import Checkup
    from provenv.project import Project

DESCRIPTION = """\
Looks at the machine, the shell, the active environment and the project: drivers, Pythons, variables, disks,
the installed torch, lock, environment and proof. It asks no host and changes nothing. Exit code 1: something
would stop a training run. Every code is in docs/findings.md with its cause and cure."""

EXAMPLES = """\
examples:
  provenv doctor                          this machine, and the project in this folder
  provenv doctor --from collect_env.txt   what is wrong on somebody else's machine
  provenv doctor --json                   for a program
"""

HEADINGS = {
    "error": ("this stops a training run", RED),
    "warning": ("this may slow or surprise it", YELLOW),
    "note": ("good to know", BOLD),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    add_project(parser)
    add_evidence(parser, "examine")
    add_targets(parser, several=False)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Examines, and says what was found: 1 when something would stop a training run."""
    from provenv.doctor.checkup import check_up

    known = plugins()
    probe = probe_of(args.sources, known)
    unreadable: list[Finding] = []
    project = _project(args, probe, unreadable)
    if args.target and project is None and not unreadable:
        raise InputError(
            f"--target {args.target} is a target of a project, and there is none here",
            hints=["name the project: `provenv doctor PATH --target NAME`"],
        )
    host = Host(known, probe)
    cache = None if args.sources else _cache(project, unreadable)
    checkup = check_up(host, project, args.target, cache=cache, more=unreadable)
    for problem in (*known.problems, *dict.fromkeys(host.problems)):
        warn(problem, quiet=args.quiet)
    if args.json:
        print_json(_to_json(checkup, host, project))
    else:
        _print(checkup, host, args)
    return int(checkup.stops)


def _project(args: argparse.Namespace, probe: Probe, unreadable: list[Finding]) -> Project | None:
    """The project that is named, or the one in this folder; one that can't be read is a finding itself."""
    from provenv.project import open_project

    named = args.project is not None or args.requirements is not None
    path = project_path(args)
    if named and not path.exists():
        raise InputError(f"there is no {path}", hints=["give a project's folder, or leave it out"])
    if not named and (args.sources or not (path / "pyproject.toml").is_file()):
        return None
    try:
        project = previewed(open_project(path, probe=probe), args)
        _ = project.matrix  # a mistake in what the manifest says of its targets shows here
        return project
    except ProvenvError as error:
        place = f"{error.origin}: " if error.origin else ""
        ours = named or "[tool.provenv" in (path / "pyproject.toml").read_text(
            encoding="utf-8", errors="replace"
        )
        unreadable.append(
            Finding(
                "project-unreadable",
                f"{place}{error.message}",
                error.hints[0] if error.hints else "provenv manifest",
                "error" if ours else "note",
                "no lock can be made or checked before it is mended",
            )
        )
        return None


def _cache(project: Project | None, unreadable: list[Finding]) -> Path:
    """This machine's cache folder, by its settings."""
    from provenv.config.folders import user_cache_folder
    from provenv.config.load import network_settings

    if project is not None:
        return project.settings.cache_dir
    try:
        return network_settings().cache_dir
    except ProvenvError as error:
        if not unreadable:
            unreadable.append(
                Finding(
                    "settings-unreadable",
                    f"{error.origin}: {error.message}" if error.origin else error.message,
                    error.hints[0] if error.hints else "provenv config",
                    "error",
                    "no command that needs the network works before it is mended",
                )
            )
        return user_cache_folder(os.environ)


def _to_json(checkup: Checkup, host: Host, project: Project | None) -> dict[str, object]:
    return {
        "ok": not checkup.stops,
        "platform": host.platform,
        "python": host.python,
        "usable": list(host.usable),
        "project": str(project.folder) if project else None,
        "target": checkup.target,
        "environments": [one.prefix or None for one in checkup.installations],
        "findings": [_finding(finding) for finding in checkup.findings],
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "why": finding.why,
        "remedy": finding.remedy,
    }


def _print(checkup: Checkup, host: Host, args: argparse.Namespace) -> None:
    if args.verbose:
        _print_seen(checkup, host)
    severities = ["error"] if args.quiet else list(HEADINGS)
    for severity in severities:
        found = [finding for finding in checkup.findings if finding.severity == severity]
        if found:
            heading, colour = HEADINGS[severity]
            print(f"{paint(heading, colour, sys.stdout)}\n" + "\n".join(map(_block, found)) + "\n")
    if not args.quiet:
        print(_verdict(checkup))
        if args.sources:
            print("what the evidence does not say was not judged")


def _print_seen(checkup: Checkup, host: Host) -> None:
    where = ", ".join(filter(None, (host.platform or "an unknown platform", str(host.envelope))))
    lines = [
        f"machine: {where}, Python {host.python or 'unknown'}",
        f"accelerators that can be used: {', '.join(host.usable) or 'none'}",
        f"target: {checkup.target or 'no project'}",
    ]
    for one in checkup.installations:
        torch = one.find("torch")
        what = f"torch {torch.version}" if torch else "no torch"
        lines.append(f"environment: {one.prefix or 'as pasted'}, {len(one.distributions)} packages, {what}")
    print("\n".join(lines) + "\n")


def _block(finding: Finding) -> str:
    """What was seen with its code, why it matters, and the command, which stands whole on its line."""
    lines = [*_wrapped(f"{finding.message} [{finding.code}]", "  ", "    ")]
    lines += [paint(line, DIM, sys.stdout) for line in _wrapped(finding.why, "    ", "    ")]
    if finding.remedy:
        lines.append(f"    {paint('->', GREEN, sys.stdout)} {finding.remedy}")
    return "\n".join(lines)


def _wrapped(text: str, first: str, rest: str) -> Iterable[str]:
    """Wrapped on a terminal; whole, so that it can be searched, in a log."""
    if not text or not sys.stdout.isatty():
        return [first + text] if text else []
    import shutil
    import textwrap

    columns = max(40, shutil.get_terminal_size().columns)
    return textwrap.wrap(
        text,
        columns,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _verdict(checkup: Checkup) -> str:
    errors = sum(finding.severity == "error" for finding in checkup.findings)
    if errors:
        word = "one thing stops" if errors == 1 else f"{errors} things stop"
        return paint(f"{word} a training run", RED, sys.stdout)
    return paint("nothing stands in the way of a training run", GREEN, sys.stdout)
