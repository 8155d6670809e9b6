"""What a lock was made from, as normalised lines: all of a manifest that can change a resolution."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from provenv.addresses import without_credentials
from provenv.locks.portable import path_of, portable_path
from provenv.manifest.values import CondaSpec, CondaTable, FileRule, Index, Manifest, ManifestRequirement, Pin
from provenv.patterns import regex
from provenv.reads import is_folder, read_bytes, unsure
from provenv.sha256 import sha256
from provenv.targets import Target
from provenv.values import dataclass, field

SECTIONS = ("requirements", "constraints", "overrides", "excluded", "indexes", "pins", "local")
"""The lists of a LockInputs by name, in the order in which a lock holds them."""

CONDA_SECTIONS = ("channels", "specs", "names", "virtual")
"""Those that a conda target has besides."""

_DESCRIPTIONS = ("pyproject.toml", "setup.py", "setup.cfg")
"""The files of a local project whose change may change what it requires."""

_TEXT_FILE = regex(r"(?<![\w./:-])[\w.-][\w./-]*\.(?:txt|in)\b")
_PROSE = regex(r"(?i)licen[cs]e|copying|notice|authors|readme|change|history|manifest\.in|cmakelists")
"""Text files that say nothing of what a project requires."""


@dataclass(frozen=True, slots=True)
class LockInputs:
    """The inputs of one target's lock: two equal ones ask for the same resolution.

    Every list holds lines of text without secrets, sorted, except `indexes`, which stand in the order in
    which they are asked. `rules`: `exclude-newer`, `prerelease`, `build` ... with their values. `local`:
    local projects and files that are required, each with a digest of what it says. A conda target has
    `channels` (in their order), `specs`, `names` (conda name = PyPI name) and `virtual` packages.
    `origins`: the line of a list -> where the user wrote it; it is for messages alone, no difference.
    """

    target: Target
    requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()
    local: tuple[str, ...] = ()
    rules: tuple[tuple[str, str], ...] = ()
    channels: tuple[str, ...] = ()
    specs: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    virtual: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)

    def section(self, name: str) -> tuple[str, ...]:
        """One of the lists, by its name in `SECTIONS`."""
        lines: tuple[str, ...] = getattr(self, name)
        return lines

    def digest(self) -> str:
        """`sha256:…` over everything but the origins."""
        lines = [f"{key} {value}" for key, value in target_facts(self.target)]
        for name in sections_of(self.target):
            lines += [f"[{name}]", *self.section(name)]
        lines += ["[rules]", *(f"{key} {value}" for key, value in self.rules)]
        return "sha256:" + sha256("\n".join(lines).encode()).hexdigest()


def sections_of(target: Target) -> tuple[str, ...]:
    """The lists that the lock of a target has."""
    return (*SECTIONS, *CONDA_SECTIONS) if target.packaging == "conda" else SECTIONS


def lock_inputs(manifest: Manifest, target: Target, virtual: tuple[str, ...] = ()) -> LockInputs:
    """The inputs of `target`'s lock; of the disk it reads only what local requirements say of themselves.

    `virtual`: the virtual packages of a conda target, `__glibc 2.28`.
    """
    base = manifest.path.absolute().parent
    origins: dict[str, str] = {}

    def lines(requirements: Iterable[ManifestRequirement]) -> tuple[str, ...]:
        texts = []
        for requirement in requirements:
            text = _requirement_line(requirement, base)
            origins.setdefault(text, str(requirement.origin))
            texts.append(text)
        return tuple(sorted(set(texts)))

    selected = manifest.selected(target.groups, target.extras)
    for index in manifest.indexes:
        if index.origin:
            origins[_index_line(index, base)] = str(index.origin)
    conda = manifest.conda if target.packaging == "conda" else None
    for spec in conda.dependencies if conda else ():
        origins.setdefault(_spec_line(spec), str(spec.origin))
    addresses = {index.name: _address(index.url, base) for index in manifest.indexes}
    return LockInputs(
        target=target,
        requirements=lines(selected),
        constraints=lines(manifest.constraints),
        overrides=lines(manifest.overrides),
        excluded=tuple(sorted(manifest.excluded_dependencies)),
        indexes=tuple(_index_line(index, base) for index in manifest.indexes),
        pins=tuple(sorted(_pin_line(pin, addresses) for pin in manifest.pins if _applies(pin, target))),
        local=_local_lines((*selected, *manifest.overrides), base),
        rules=_rules(manifest, conda),
        channels=tuple(_channel_line(text, base) for text in conda.channels) if conda else (),
        specs=tuple(sorted({_spec_line(spec) for spec in conda.dependencies})) if conda else (),
        names=tuple(f"{name} = {other}" for name, other in conda.names) if conda else (),
        virtual=virtual if conda else (),
        origins=origins,
    )


def target_facts(target: Target) -> tuple[tuple[str, str], ...]:
    """A target as pairs of a word and its value, the envelope's words among them."""
    facts = [
        ("platform", target.platform),
        ("python", target.python),
        ("accelerator", target.accelerator),
        ("build", target.build or ""),
        ("packaging", target.packaging),
        ("groups", ", ".join(sorted(target.groups))),
        ("extras", ", ".join(sorted(target.extras))),
    ]
    return (*facts, *((word, " ".join(values)) for word, values in target.envelope.items))


def _requirement_line(requirement: ManifestRequirement, base: Path) -> str:
    parsed = requirement.requirement
    extras = f"[{','.join(parsed.extras)}]" if parsed.extras else ""
    if parsed.url:
        named = f"{parsed.name}{extras} @ " if parsed.name else ""
        text = f"{named}{_address(parsed.url, base)}"
    else:
        text = f"{parsed.name}{extras}{parsed.specifier}"
    marker = f" ; {parsed.marker}" if parsed.marker else ""
    editable = "-e " if requirement.editable else ""
    hashes = "".join(f" --hash={value}" for value in sorted(requirement.hashes))
    return f"{editable}{text}{marker}{hashes}"


def _address(url: str, base: Path) -> str:
    """An address as a lock may say it: no secrets, and a path of the project as the project's own."""
    path = path_of(url)
    if path is None:
        return without_credentials(url).rstrip("/")
    _, hash_sign, fragment = url.partition("#")
    return portable_path(path, base) + hash_sign + fragment


def _index_line(index: Index, base: Path) -> str:
    words = [f"only {pattern}" for pattern in sorted(index.packages)]
    words += [word for word in ("default", "explicit", "flat") if getattr(index, word)]
    return _address(index.url, base) + (f" ({', '.join(words)})" if words else "")


def _pin_line(pin: Pin, addresses: Mapping[str, str]) -> str:
    marker = f" ; {pin.marker}" if pin.marker else ""
    return f"{pin.package} from {addresses.get(pin.index, without_credentials(pin.index))}{marker}"


def _applies(pin: Pin, target: Target) -> bool:
    return (pin.group is None or pin.group in target.groups) and (
        pin.extra is None or pin.extra in target.extras
    )


def _spec_line(spec: CondaSpec) -> str:
    return f"{spec.text} [{spec.selector}]" if spec.selector else spec.text


def _channel_line(text: str, base: Path) -> str:
    """A channel as a lock may say it: its name, its address without secrets, a folder's portable path."""
    if "://" not in text:
        return text
    from provenv.conda.channels import without_secrets

    return _address(without_secrets(text), base)


def _rules(manifest: Manifest, conda: CondaTable | None) -> tuple[tuple[str, str], ...]:
    rules = {
        "align": "true" if manifest.align else "",
        "build": _rule_words(manifest.build),
        "exclude-newer": manifest.exclude_newer or "",
        "no-binary": _rule_words(manifest.no_binary),
        "no-index": "true" if manifest.no_index else "",
        "only-binary": _rule_words(manifest.only_binary),
        "preview": ", ".join(manifest.previews),
        "prerelease": manifest.prerelease if manifest.prerelease != "if-needed" else "",
    }
    if conda and conda.channel_priority != "strict":
        rules["channel-priority"] = conda.channel_priority
    for name, value in conda.variables if conda else ():
        rules[f"variable {name}"] = value
    rules |= {f"exclude-newer of {name}": time or "lifted" for name, time in manifest.exclude_newer_package}
    rules |= {f"prerelease of {name}": rule for name, rule in manifest.prerelease_package}
    return tuple(sorted((key, value) for key, value in rules.items() if value))


def _rule_words(rule: FileRule) -> str:
    return ", ".join([*([":all:"] if rule.everything else []), *sorted(rule.names)])


def _local_lines(requirements: Iterable[ManifestRequirement], base: Path) -> tuple[str, ...]:
    """`PATH DIGEST` of each local project or file, since these may change while the manifest does not."""
    places = {path_of(r.requirement.url) for r in requirements if r.requirement.url}
    lines = (f"{portable_path(path, base)} {_local_digest(path)}" for path in places if path)
    return tuple(sorted(lines))


def _local_digest(path: Path) -> str:
    """A digest of a file, or of what a project folder says of itself; `missing` where there is nothing."""
    if not is_folder(path):
        return _file_digest(path)
    described = _contents(path, _DESCRIPTIONS)
    named = sorted({name for data in described.values() for name in _named_files(data)})
    digest = sha256()
    for name, data in (described | _contents(path, named)).items():
        digest.update(_named_line(name, sha256(data).hexdigest()))
    return f"sha256:{digest.hexdigest()[:16]}" if described else "missing"


def _contents(folder: Path, names: Iterable[str]) -> dict[str, bytes]:
    """The files of these names that can be read."""
    found = {}
    for name in names:
        with suppress(OSError, ValueError):
            found[name] = read_bytes(folder / name)
    return found


def _named_files(description: bytes) -> Iterator[str]:
    """What may be requirements files that a project's description reads: by setuptools' or hatch's `file`, by
    a `file:` of setup.cfg, by an `open` of setup.py."""
    for name in _TEXT_FILE.findall(description.decode("utf-8", "replace")):
        if not _PROSE.match(name.rpartition("/")[2]):
            yield name


def _file_digest(path: Path) -> str:
    from hashlib import file_digest

    unsure()  # an archive is as long to read for a look as for its digest
    try:
        with path.open("rb") as stream:
            whole = file_digest(stream, "sha256").hexdigest()
    except OSError:
        return "missing"
    return f"sha256:{sha256(_named_line(path.name, whole)).hexdigest()[:16]}"


def _named_line(name: str, digest: str) -> bytes:
    return f"{name}\0{digest}\n".encode()
