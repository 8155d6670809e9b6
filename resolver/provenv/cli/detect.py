"""`provenv detect`: the hardware that was found, and how."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from provenv.cli.flags import add_evidence, add_output
from provenv.features import features_here
from provenv.hooks.manager import Plugins, plugins
from provenv.hooks.types import Detection, Device, Finding, Probe
from provenv.host import Host

SHOWN = 6
"""So many values of a feature are printed; `--json` has them all."""

DESCRIPTION = "Asks every plugin what it finds on this machine, or on one that was recorded."
EXAMPLES = """\
examples:
  provenv detect                        what is here, what can be used, what is wrong
  provenv detect --record gpu-box.json  keep every answer (no user names, host names or serials)
  provenv detect --from gpu-box.json    what that machine has
  provenv detect --from collect_env.txt nvidia-smi.txt
                                        what people paste of a machine, alone or together
  nvidia-smi | provenv detect --from -  the same by standard input
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--record FILE`, `--from PATH...`."""
    parser.add_argument("--record", type=Path, metavar="FILE", help="write every answer to a file")
    add_evidence(parser, "read")
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Always 0: a machine without any accelerator is an answer too."""
    from provenv.cli.output import print_json, warn
    from provenv.recording import RecordingProbe

    known = plugins()
    probe: Probe = probe_of(args.sources, known)
    recording = RecordingProbe(probe) if args.record else None
    host = Host(known, recording or probe)
    document = describe(host)
    if recording is not None:
        from provenv.doctor.checkup import check_up

        check_up(host, None)  # asks what `provenv doctor --from` will want to know of the machine
        recording.save(args.record)
    for problem in (*known.problems, *host.problems):
        warn(problem, quiet=args.quiet)
    if args.json:
        print_json(document)
    else:
        _print(host)
    return 0


def probe_of(sources: Sequence[str] | None, known: Plugins) -> Probe:
    """The machine that `--from PATH...` names, or this one."""
    if sources:
        from provenv.pastes.sources import probe_from

        return probe_from(sources, known)
    from provenv.probe import LiveProbe

    return LiveProbe()


def describe(host: Host) -> dict[str, object]:
    """What is known of a machine, as `--json` prints it; what nothing says is null."""
    libc = _libc(host)
    return {
        "os": host.system,
        "arch": host.arch,
        "libc": libc,
        "python": host.python,
        "gpus": [_gpu(device) for device in host.devices],
        "driver": host.fact("driver"),
        "cuda_reported": host.fact("cuda_reported"),
        "torch": _torch(host),
        "usable": list(host.usable),
        "features": {name: list(texts) for name, texts in features_here(host).items()},
        "findings": [
            {"code": f.code, "message": f.message, "remedy": f.remedy, "severity": f.severity}
            for f in findings(host)
        ],
    }


def findings(host: Host) -> tuple[Finding, ...]:
    """What is wrong; where pasted evidence tells of it, also with what is installed there."""
    found = dict.fromkeys(host.findings)
    if host.probe.pastes():
        from provenv.doctor.installed import active_installation, judge

        installation = active_installation(host, own=False)
        found.update(dict.fromkeys(judge(host, installation) if installation else ()))
    order = ("error", "warning", "note")
    return tuple(sorted(found, key=lambda finding: order.index(finding.severity)))


def _libc(host: Host) -> str | None:
    """`glibc-2.35`; only Linux has the choice."""
    name, version = host.probe.python("libc"), host.probe.python("libc_version")
    return f"{name}-{version}" if name and version and host.os in ("linux", None) else None


def _torch(host: Host) -> dict[str, object] | None:
    """The torch that is known to be in the machine's interpreter, its version None where there is none."""
    version = host.probe.python("torch")
    if version is None:
        return None
    flavours = {name: host.probe.python(f"torch_{name}") for name in host.plugins.accelerators}
    return {"version": version or None, **{name: value for name, value in flavours.items() if value}}


def _gpu(device: Device) -> dict[str, object]:
    told = {"compute_capability": device.compute_capability, "gfx": device.gfx}
    return {
        "vendor": device.vendor,
        "name": device.name or None,
        **{name: value for name, value in told.items() if value is not None},
        "memory_mib": device.memory_mib,
        **dict(device.facts),
    }


def _print(host: Host) -> None:
    import sys

    from provenv.cli.output import RED, YELLOW, paint, table

    where = ", ".join(filter(None, (host.platform or "an unknown platform", str(host.envelope))))
    print(f"{where}, Python {host.python or 'unknown'}")
    rows = [_row(name, detection) for name, detection in host.detections.items()]
    print(table(("accelerator", "usable", "devices", "promises", "found by"), rows))
    for line in _features(host):
        print(line)
    colours = {"error": RED, "warning": YELLOW}
    for finding in findings(host):
        label = paint(finding.severity, colours.get(finding.severity, ""), sys.stdout)
        print(f"{label}: {finding.message} [{finding.code}]")
        if finding.remedy:
            print(f"  {finding.remedy}")


def _features(host: Host) -> Iterator[str]:
    """What the usable accelerators support as wheel variants ask for it, a feature a line; flags in one."""
    for name, texts in features_here(host).items():
        values: dict[str, list[str]] = {}
        for text in texts:
            feature, _, value = text.rpartition(" :: ")
            if value == "on":
                feature, value = feature.rpartition(" :: ")[0], feature.rpartition(" :: ")[2]
            values.setdefault(feature, []).append(value)
        for feature, found in values.items():
            more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
            yield f"{name} supports {feature} :: {', '.join(found[:SHOWN])}{more}"


def _row(name: str, detection: Detection) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for device in detection.devices:
        counts[device.name] = counts.get(device.name, 0) + 1
    devices = ", ".join(f"{n} x {device}" if n > 1 else device for device, n in counts.items())
    how = ", ".join(detection.how) if detection.devices else ""
    return (name, "yes" if detection.usable else "no", devices or "-", str(detection.envelope) or "-", how)
