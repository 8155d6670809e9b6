"""Whether what a plugin answered can be used: builds, detections, findings, tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from provenv.hooks.types import Build, Builds, Detection, Envelope, EnvelopeKey, Finding
from provenv.standards.requirements import InvalidRequirement, parse_requirement
from provenv.standards.specifiers import InvalidSpecifier, parse_specifiers
from provenv.standards.variants import InvalidVariants, parse_property

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_PATTERN = re.compile(r"[a-z0-9*]+(-[a-z0-9*]+)*-?")
_LOCAL = re.compile(r"[a-z0-9]+(\.[a-z0-9]+)*")  # PEP 440, normalised
_CODE = re.compile(r"[a-z][a-z0-9]*([-.][a-z0-9]+)*")
TAG = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
TORCH_DEVICE = re.compile(r"[a-z][a-z0-9_]*")
MARKERS = {
    *("os_name", "sys_platform", "platform_system", "platform_machine"),
    *("platform_release", "platform_version"),
}
"""The part of PEP 508's environment that is a platform's to say."""


def is_name(text: str) -> bool:
    """Whether it can be the name of a build: `cu128`, `rocm6.4`."""
    return _NAME.fullmatch(text) is not None


def is_pattern(text: str) -> bool:
    """Whether it is a canonical project name (PEP 503), in which `*` stands for anything."""
    return _PATTERN.fullmatch(text) is not None


def builds_faults(builds: Builds) -> Iterator[str]:
    """What is wrong with an answer to `builds`."""
    # two indexes may publish the same build
    offered = [(build.name, build.index) for build in builds.offered]
    twice = {name for name, index in offered if offered.count((name, index)) > 1}
    both = {name for name, _ in offered} & {rejected.build for rejected in builds.rejected}
    yield from (f"the build {name} is offered twice" for name in sorted(twice))
    yield from (f"the build {name} is offered and rejected" for name in sorted(both))
    for rejected in builds.rejected:
        if not rejected.build or not rejected.reason.strip() or "\n" in rejected.reason:
            yield f"a rejected build has a name and a line that says why, and this one is {rejected}"
    for build in builds.offered:
        yield from (f"the build {build.name!r}: {fault}" for fault in build_faults(build))


def build_faults(build: Build) -> Iterator[str]:
    """What is wrong with one build."""
    if not is_name(build.name):
        yield "its name is not of letters, digits, `.`, `-` and `_`"
    if build.index is not None:
        yield from _address_faults(build.index)
    if not build.packages:
        yield "no package follows it"
    wrong = [name for name in build.packages if not is_pattern(name)]
    yield from (f"{name!r} is no canonical name of a package (PEP 503)" for name in wrong)
    for label in build.locals:
        if label and not _LOCAL.fullmatch(re.sub(r"[*?]|\[[^]]+\]", "a", label)):
            yield f"{label!r} is no local version label (PEP 440)"
    for text in build.constraints:
        yield from _constraint_faults(text)


def _address_faults(address: str) -> Iterator[str]:
    parts = urlsplit(address)
    if parts.scheme not in ("https", "file"):
        yield f"the index {address!r} is neither https:// nor file://"
    if parts.scheme == "https" and not parts.hostname:
        yield f"the index {address!r} has no host"
    if parts.username or parts.password or parts.query or parts.fragment:
        yield f"the index {address!r} carries more than an address: a login, a query or a fragment"


def _constraint_faults(text: str) -> Iterator[str]:
    try:
        parsed = parse_requirement(text)
        parse_specifiers(parsed.specifier)
    except (InvalidRequirement, InvalidSpecifier) as error:
        yield f"the constraint {text!r} is no requirement (PEP 508): {error}"
        return
    if parsed.marker is not None or parsed.url or parsed.extras:
        yield f"the constraint {text!r} has a marker, an extra or an address, which a constraint has not"
    elif not parsed.specifier:
        yield f"the constraint {text!r} limits nothing"


def features_faults(features: Iterable[str]) -> Iterator[str]:
    """Facts that no variant's property can equal (PEP 825), and those that are told twice."""
    seen: set[str] = set()
    for text in features:
        try:
            parsed = parse_property(text)
        except InvalidVariants as error:
            yield str(error)
            continue
        if str(parsed) != text:
            yield f"{text!r} is spelled {str(parsed)!r}"
        if str(parsed) in seen:
            yield f"{text!r} is told twice"
        seen.add(str(parsed))


def detection_faults(detection: Detection, words: Mapping[str, EnvelopeKey]) -> Iterator[str]:
    """What is wrong with what was found. `words`: those that the accelerator understands."""
    yield from envelope_faults(detection.envelope, words, "the machine promises")
    yield from envelope_faults(detection.variants, words, "for wheel variants the machine promises")
    for device in detection.devices:
        if not device.vendor or not device.name.strip():
            yield f"a device has a vendor and a name, and this one is {device}"


def envelope_faults(envelope: Envelope, words: Mapping[str, EnvelopeKey], whose: str) -> Iterator[str]:
    """Words that nobody understands, and values that their own check refuses."""
    for word, values in envelope.items:
        key = words.get(word)
        if key is None:
            yield f"{whose} {word}, which is none of its envelope's words"
        elif len(values) > 1 and not key.multiple:
            yield f"{whose} {word} {' '.join(values)}: the word takes one value"
        else:
            refused = filter(None, map(key.check, values))
            yield from (f"{whose} {word}, and its check says: {fault}" for fault in refused)


def finding_faults(findings: Iterable[Finding]) -> Iterator[str]:
    """Findings whose code can't be listed in a manual, or that say nothing."""
    for finding in findings:
        if not _CODE.fullmatch(finding.code):
            yield f"the code {finding.code!r} is not of a-z, 0-9 and single dashes: `driver-missing`"
        if not finding.message.strip() or "\n" in finding.message.strip():
            yield f"the message of {finding.code} is not one line of words"
