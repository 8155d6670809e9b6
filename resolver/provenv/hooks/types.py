"""What plugins are given and what they yield: plain typed values, nothing of the core behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from provenv.hooks.installations import Distribution, Installation
from provenv.typed import Literal, Protocol
from provenv.values import dataclass, field


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command answered. `exit_code` is None when it could not be started or ran out of time."""

    exit_code: int | None
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Paste:
    """One text that somebody pasted or saved, without what surrounds it (prompts' prefixes, colours, quotes).

    `name`: its path inside the folder that was given, with slashes; the file's name; or `-`.
    """

    name: str
    text: str


class Probe(Protocol):
    """The recordable, replayable access to a machine's facts: the only way by which plugins look at one.

    Every method answers None (or an empty tuple) where the machine has no such thing; none of them raises.
    """

    def file(self, path: str) -> str | None:
        """The text of a file (UTF-8, undecodable bytes replaced), None when it can't be read."""

    def folder(self, path: str) -> tuple[str, ...]:
        """The sorted names in a folder, empty when there is none."""

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandResult | None:
        """What a command prints; None when there is no such program."""

    def environment(self, name: str) -> str | None:
        """An environment variable."""

    def registry(self, key: str, value: str) -> str | None:
        r"""A value of the Windows registry, e.g. `HKLM\\SOFTWARE\\...` and a value's name.

        Numbers are in decimal, bytes in hexadecimal, a list's texts a line each.
        """

    def sysctl(self, name: str) -> str | None:
        """A kernel value of macOS or a BSD, e.g. `hw.optional.arm64`."""

    def python(self, name: str) -> str | None:
        """A fact of the interpreter: `version` (3.11.7), `implementation`, `machine`, `system`, `bits` (64),
        `libc` (glibc or musl), `libc_version`, `executable`, `prefix`, `macos_version`, `release`."""

    def exists(self, path: str) -> bool | None:
        """Whether there is such a file or folder; None where nobody looked, as in a paste."""

    def executables(self, name: str) -> tuple[str, ...] | None:
        """Every program of this name on PATH, the one that is run first; None where nobody looked."""

    def disk(self, path: str) -> tuple[int, int] | None:
        """(total, free) bytes of the file system on which a path lies or would lie; None when not known."""

    def distributions(self, prefix: str) -> tuple[Distribution, ...]:
        """What is installed in an environment, in order of name; "" is the one that a paste tells of."""

    def pastes(self) -> tuple[Paste, ...]:
        """What people pasted of the machine; empty for one that answers by itself."""

    def library(self, script: str, *, seconds: float = 10.0) -> Mapping[str, object] | None:
        """What a ctypes script prints as one JSON object, run in a child process so that a crashing driver
        can't take provenv down; None when it crashes, hangs or prints nothing of the kind. A script whose
        first line is a comment is recorded under that comment's text, so that a recording outlives its later
        lines."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The least hardware that a target promises to run on: words like `driver`, `glibc`, `gfx` with their
    values.

    Every value is a tuple of strings, since some words may be given several times (`compute-capability`).
    """

    items: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, str | Sequence[str]]) -> Envelope:
        """From a mapping; a lone string is a tuple of one. The words are sorted."""
        return cls(tuple(sorted((k, (v,) if isinstance(v, str) else tuple(v)) for k, v in values.items())))

    def one(self, word: str) -> str | None:
        """The (first) value of a word, None where the target says nothing of it."""
        return next((values[0] for name, values in self.items if name == word and values), None)

    def all(self, word: str) -> tuple[str, ...]:
        """Every value of a word."""
        return next((values for name, values in self.items if name == word), ())

    def merged(self, other: Envelope) -> Envelope:
        """This envelope, with the words of `other` in place of its own."""
        return Envelope.of({**dict(self.items), **dict(other.items)})

    def __str__(self) -> str:
        return ", ".join(f"{name} {' '.join(values)}" for name, values in self.items)


@dataclass(frozen=True, slots=True)
class EnvelopeKey:
    """A word of the envelope that a plugin understands: manifest key, flag (`--driver`) and lock say it
    alike.

    `check` returns None for a good value, else what is wrong with it.
    """

    name: str
    metavar: str
    help: str
    multiple: bool = False
    check: Callable[[str], str | None] = lambda value: None
    examples: tuple[str, ...] = ()
    """Good values, the ends of their range among them: what the conformance suite asks with."""
    replaces: tuple[str, ...] = ()
    """Words that a target no longer means when it says this one: `musl` replaces the default `glibc`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth telling about a machine: a stable code, what was seen, the command that mends it.

    `severity`: an "error" would stop a training run, a "warning" slows or surprises it, a "note" is for the
    record.
    """

    code: str
    """`nvidia-driver-missing`; every code of provenv's own is in docs/findings.md."""
    message: str
    remedy: str = ""
    severity: Literal["error", "warning", "note"] = "warning"
    why: str = ""
    """What comes of it, where `message` does not say so."""


@dataclass(frozen=True, slots=True)
class VirtualPackage:
    """A conda virtual package: `__cuda`, version `12.9`, build string `0`.

    `word`: the word of the envelope that it follows, "" for none.
    """

    name: str
    version: str = "0"
    build: str = "0"
    word: str = ""


@dataclass(frozen=True, slots=True)
class Platform:
    """One operating system on one architecture, from wheel tags to activation."""

    name: str
    """`linux-x86_64`: manifest, flag, target name and lock say it so."""
    os: str
    """`linux`, `macos`, `windows`: what an accelerator's `accepts` looks at."""
    arch: str
    """`x86_64` or `arm64`/`aarch64`, as the operating system calls it."""
    wheel_platform_tags: Callable[[Envelope], tuple[str, ...]]
    """The platform tags of its wheels, best first (`manylinux_2_28_x86_64` ... `linux_x86_64`)."""
    marker_environment: Callable[[Envelope], Mapping[str, str]]
    """PEP 508's os_name, sys_platform, and platform_system, _machine, _release and _version."""
    detect: Callable[[Probe], Envelope | None]
    """What this machine promises when it is of this platform (glibc, macos ...); None when it is not."""
    conda_subdir: str
    conda_virtual_packages: Callable[[Envelope], tuple[VirtualPackage, ...]]
    scripts: str
    """The folder of an environment that holds its programs: `bin` or `Scripts`."""
    python: str
    """An environment's interpreter, relative to it: `bin/python` or `Scripts/python.exe`."""
    activation: Callable[[str, str], tuple[str, ...]]
    """`activation(shell, prefix)`: activates an environment in bash, zsh, fish, powershell or cmd."""
    envelope: tuple[EnvelopeKey, ...] = ()
    defaults: Envelope = Envelope()
    """What a target elsewhere promises when it says nothing: glibc 2.28, macOS 14."""
    diagnose: Callable[[Probe], Iterable[Finding]] = lambda probe: ()


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of a target when an accelerator is asked about it."""

    platform: str
    os: str
    arch: str
    python: str
    """A full version, `3.12.0`."""
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Device:
    """One device that an accelerator plugin found; what was not said is None."""

    vendor: str
    name: str
    memory_mib: int | None = None
    compute_capability: str | None = None
    gfx: str | None = None
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Detection:
    """What an accelerator plugin found on a machine.

    `usable`: a build for this accelerator would train here. `envelope`: what the machine promises (driver,
    compute capability). `how`: the ways by which it was found, in words (`NVML`, `/proc/driver/nvidia`).
    """

    usable: bool
    devices: tuple[Device, ...] = ()
    envelope: Envelope = Envelope()
    findings: tuple[Finding, ...] = ()
    how: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    """What else the devices' software says, e.g. `driver` 550.54.14, `cuda_reported` 12.4."""
    variants: Envelope = Envelope()
    """What the machine promises besides, for the choice of wheel variants alone: the processor's level."""


@dataclass(frozen=True, slots=True)
class Build:
    """One published flavour of an accelerator's packages: an index, a local version, its limits."""

    name: str
    """`cu128`, `rocm6.4`, `cpu`."""
    index: str | None
    """The canonical address of the simple index that publishes it; None: the default index."""
    packages: tuple[str, ...]
    """The packages that follow the build (canonical names, `*` allowed): from `index` and nowhere else."""
    locals: tuple[str, ...] = ()
    """The local version labels its files carry: shell patterns, `""` for none at all. Empty: any."""
    constraints: tuple[str, ...] = ()
    """Requirements that this build adds for this target, e.g. `torch<2.15`, each said why in `needs`."""
    needs: str = ""
    """What it needs of the hardware, in words for an explanation."""
    runtime: str | None = None
    """The major of its accelerator's `Runtime` that it is built for: `13`."""
    extras: tuple[tuple[str, str], ...] = ()
    """(package, extra) that whoever asks for the package gets too: the device's own part of torch."""
    newest: tuple[str, str] | None = None
    """The package by which builds are ranked, and its newest version that this one should have: where an
    index turns out to have less, a build that has more comes first."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A build that the target can't use, and why, in words."""

    build: str
    reason: str


@dataclass(frozen=True, slots=True)
class Builds:
    """An accelerator's answer for one target: what may be tried, in order of preference, and what may not."""

    offered: tuple[Build, ...]
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A row of a table of releases: a version of one build, what goes with it, whether a target runs it.

    `version` None: the build's index says it, no table does. `goes_with`: (package, version) pairs. `python`:
    minor versions (`3.12`), oldest first. `runs` None: what would decide it is not known; `why` says why not,
    or what it depends on.
    """

    build: str
    version: str | None
    goes_with: tuple[tuple[str, str], ...] = ()
    python: tuple[str, ...] = ()
    runs: bool | None = True
    why: str = ""


@dataclass(frozen=True, slots=True)
class Releases:
    """A package's releases for an accelerator: the row to take before another comes before it.

    `notes`: sentences that a reader of the table should know.
    """

    rows: tuple[ReleaseRow, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Runtime:
    """Libraries of which one environment can hold a single major version, such as CUDA's.

    `majors`: newest first (`13`, `12`). `carried(name, version)`: the major that a version of a package
    (canonical name) brings or is built for, None for a package that has nothing to do with it.
    `of_variant(properties)`: the same of a wheel variant, by its `namespace :: feature :: value`s.
    """

    name: str
    majors: tuple[str, ...]
    carried: Callable[[str, str], str | None]
    of_variant: Callable[[tuple[str, ...]], str | None] = lambda properties: None


@dataclass(frozen=True, slots=True)
class Accelerator:
    """One kind of device: how to find it, which builds fit it, what they need."""

    name: str
    """`cuda`: manifest, flag, target name and lock say it so."""
    preference: int
    """Among several usable ones the lowest is taken: cuda 10, rocm 20, mps 30, cpu 100."""
    accepts: Callable[[str, str], str | None]
    """`accepts(os, arch)`: None where the accelerator exists there, else why not, in words."""
    detect: Callable[[Probe], Detection]
    builds: Callable[[Context], Builds]
    torch_device: str
    """`cuda`, `mps`, `cpu`: what the training script is told."""
    family: tuple[str, ...] = ()
    """The packages (canonical names, `*` allowed) that follow whichever build is chosen."""
    envelope: tuple[EnvelopeKey, ...] = ()
    environment: Callable[[Context], Mapping[str, str]] = lambda context: {}
    """Variables that a process on this accelerator should have."""
    conda_virtual_packages: Callable[[Context], tuple[VirtualPackage, ...]] = lambda context: ()
    conda_constraints: Callable[[Context], tuple[str, ...]] = lambda context: ()
    features: Callable[[Context], tuple[str, ...]] = lambda context: ()
    """What a target supports in the wheel-variant drafts' form (PEP 817, 825), the most preferred first:
    `nvidia :: sm_arch :: 90_real`. A word that may be given several times is one value in `context`: it is
    asked once a device, and a wheel must run on each."""
    diagnose: Callable[[Probe], Iterable[Finding]] = lambda probe: ()
    inspect: Callable[[Probe, Installation], Iterable[Finding]] = lambda probe, installation: ()
    """What is wrong with an environment on this machine: a build that its hardware can't run, libraries that
    do not belong together."""
    releases: Callable[[str, Context], Releases] = lambda package, context: Releases()
    """`releases(package, context)`: the table that `provenv compat PACKAGE` shows for a target; a context's
    Python of "" is any. No rows for a package that there is no table of."""
    undeclared: Callable[[str, str], tuple[str, ...]] = lambda name, version: ()
    """`undeclared(name, version)`: requirements that a version of a package has and its metadata do not say.
    Asked for every package of a resolution."""
    excludes: Callable[[str, str], str | None] = lambda name, version: None
    """`excludes(name, version)`: why a version of a package can't stand beside this accelerator's builds, in
    words that follow its name (`is compiled for …`); None where it can. Asked of compiled wheels alone: a
    version with a label, or one as the default index has it."""
    publishes: Callable[[str], tuple[str, ...]] = lambda url: ()
    """The packages (patterns) to take from an index of this address where a manifest names it beside others;
    `()` for one that is not known. Such an index holds old copies of other projects' packages, too."""
    aliases: tuple[tuple[str, str], ...] = ()
    """(what addresses of files begin with on an index's pages, what those of the same files begin with in a
    lock): one name for a host with several, so that a lock does not depend on who was asked. A `*` in the
    first stands for one segment of a path; they apply in order."""
    twins: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(PyPI name, PyPI's other names for the same modules, built for this accelerator): beside the first,
    which a conda package may bring, the others would overwrite its files."""
    runtime: Runtime | None = None
    """What a lock may not mix the majors of; a build says which one it is of."""


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What an acceptance check found: its figures, and the reasons why it failed (none: it passed).

    `skipped` says why it could not run at all in this environment (a package it needs is not there).
    """

    metrics: Mapping[str, object] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class CheckContext:
    """Where an acceptance check runs: the environment's interpreter, the device, a scratch folder."""

    python: str
    device: str
    scratch: str
    run: Callable[[Sequence[str], Mapping[str, str]], int]
    """Runs a program of the environment with extra variables, its output streamed; its exit code."""


@dataclass(frozen=True, slots=True)
class Check:
    """An acceptance check: something that must work in an environment before it is called proven."""

    name: str
    run: Callable[[CheckContext], CheckOutcome]


@dataclass(frozen=True, slots=True)
class LockFormat:
    """Another form in which a lock can be written (`provenv export --format NAME`).

    `render(lock)` gets the parsed pylock document (PEP 751 keys) and returns the file's text.
    """

    name: str
    extension: str
    render: Callable[[Mapping[str, object]], str]


@dataclass(frozen=True, slots=True)
class IndexAuth:
    """A source of credentials for an index: `find(url)` gives (user, password) or None."""

    name: str
    find: Callable[[str], tuple[str, str] | None]
