"""`provenv detect`: the hardware that was found, and how."""

from __future__ import annotations

import argparse
from pathlib import Path

from provenv.cli.flags import add_output
from provenv.hooks.manager import plugins
from provenv.hooks.types import Detection, Device, Probe
from provenv.host import Host

DESCRIPTION = "Asks every plugin what it finds on this machine, or on one that was recorded."
EXAMPLES = """\
examples:
  provenv detect                        what is here, what can be used, what is wrong
  provenv detect --record gpu-box.json  keep every answer (no user names, host names or serials)
  provenv detect --from gpu-box.json    what that machine has
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--record FILE`, `--from FILE`."""
    parser.add_argument("--record", type=Path, metavar="FILE", help="write every answer to a file")
    parser.add_argument(
        "--from", dest="source", type=Path, metavar="FILE", help="read a recorded machine, not this one"
    )
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Always 0: a machine without any accelerator is an answer too."""
    from provenv.cli.output import print_json, warn
    from provenv.recording import RecordingProbe

    probe: Probe = probe_of(args.source)
    recording = RecordingProbe(probe) if args.record else None
    known = plugins()
    host = Host(known, recording or probe)
    document = describe(host)
    if recording is not None:
        recording.save(args.record)
    for problem in (*known.problems, *host.problems):
        warn(problem, quiet=args.quiet)
    if args.json:
        print_json(document)
    else:
        _print(host)
    return 0


def probe_of(source: Path | None) -> Probe:
    """The machine that `--from FILE` names, or this one."""
    if source is not None:
        from provenv.recording import load_probe

        return load_probe(source)
    from provenv.probe import LiveProbe

    return LiveProbe()


def describe(host: Host) -> dict[str, object]:
    """What is known of a machine, as `--json` prints it; what nothing says is null."""
    platform = host.plugins.platforms.get(host.platform or "")
    libc = next(iter(host.envelope.items), None) if platform and platform.os == "linux" else None
    return {
        "os": platform.os if platform else None,
        "arch": platform.arch if platform else None,
        "libc": f"{libc[0]}-{libc[1][0]}" if libc else None,
        "python": host.python,
        "gpus": [_gpu(device) for device in gpus(host)],
        "driver": _fact(host, "driver"),
        "cuda_reported": _fact(host, "cuda_reported"),
        "torch": None,
        "usable": list(host.usable),
        "findings": [
            {"code": f.code, "message": f.message, "remedy": f.remedy, "severity": f.severity}
            for f in host.findings
        ],
    }


def gpus(host: Host) -> list[Device]:
    """Every device but the processor."""
    return [d for detection in host.detections.values() for d in detection.devices if d.vendor != "cpu"]


def _gpu(device: Device) -> dict[str, object]:
    told = {"compute_capability": device.compute_capability, "gfx": device.gfx}
    return {
        "vendor": device.vendor,
        "name": device.name,
        **{name: value for name, value in told.items() if value is not None},
        "memory_mib": device.memory_mib,
        **dict(device.facts),
    }


def _fact(host: Host, name: str) -> str | None:
    found = (dict(detection.facts).get(name) for detection in host.detections.values())
    return next(filter(None, found), None)


def _print(host: Host) -> None:
    import sys

    from provenv.cli.output import RED, YELLOW, paint, table

    where = ", ".join(filter(None, (host.platform or "an unknown platform", str(host.envelope))))
    print(f"{where}, Python {host.python or 'unknown'}")
    rows = [_row(name, detection) for name, detection in host.detections.items()]
    print(table(("accelerator", "usable", "devices", "promises", "found by"), rows))
    colours = {"error": RED, "warning": YELLOW}
    for finding in host.findings:
        label = paint(finding.severity, colours.get(finding.severity, ""), sys.stdout)
        print(f"{label}: {finding.message} [{finding.code}]")
        if finding.remedy:
            print(f"  {finding.remedy}")


def _row(name: str, detection: Detection) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for device in detection.devices:
        counts[device.name] = counts.get(device.name, 0) + 1
    devices = ", ".join(f"{n} x {device}" if n > 1 else device for device, n in counts.items())
    how = ", ".join(detection.how) if detection.devices else ""
    return (name, "yes" if detection.usable else "no", devices or "-", str(detection.envelope) or "-", how)
