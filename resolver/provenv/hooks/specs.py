"""The hooks: one per kind of thing, each a generator of one plain value type.

A plugin is a module of functions, each marked with `@hookimpl` and registered under the entry point
group `provenv`.
"""

from __future__ import annotations

from collections.abc import Iterable

from provenv.hooks.pastes import PasteReader
from provenv.hooks.types import Accelerator, Check, IndexAuth, LockFormat, Platform

PROJECT = "provenv"

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pluggy

    hookspec = pluggy.HookspecMarker(PROJECT)
    hookimpl = pluggy.HookimplMarker(PROJECT)
else:
    # As pluggy's markers; its import is a third of a short command's start, and provenv's own plugins are
    # found without it.
    def hookspec(function):
        """Marks a function as the specification of a hook."""
        options = dict.fromkeys(("firstresult", "historic"), False)
        function.provenv_spec = {**options, "warn_on_impl": None, "warn_on_impl_args": None}
        return function

    def hookimpl(function=None, /, **options):
        """Marks a plugin's function as the implementation of the hook of its name."""
        if function is None or options:
            import pluggy

            return pluggy.HookimplMarker(PROJECT)(function, **options)
        marks = dict.fromkeys(("wrapper", "hookwrapper", "optionalhook", "tryfirst", "trylast"), False)
        function.provenv_impl = {**marks, "specname": None}
        return function


API_VERSION = 1
"""A plugin module that says `PROVENV_API = 2` asks for a newer provenv than this one."""


@hookspec
def provenv_platforms() -> Iterable[Platform]:
    """Operating systems on an architecture.

    A complete plugin for one::

        from provenv.hooks import Envelope, Platform, hookimpl

        def tags(envelope):
            return ("freebsd_14_1_release_amd64",)

        def markers(envelope):
            return {"os_name": "posix", "sys_platform": "freebsd14", "platform_system": "FreeBSD",
                    "platform_machine": "amd64", "platform_release": "", "platform_version": ""}

        def detect(probe):
            return Envelope() if probe.python("system") == "FreeBSD" else None

        def activation(shell, prefix):
            return (f". '{prefix}/bin/activate'",)

        @hookimpl
        def provenv_platforms():
            yield Platform(name="freebsd-amd64", os="freebsd", arch="x86_64", wheel_platform_tags=tags,
                           marker_environment=markers, detect=detect, conda_subdir="freebsd-64",
                           conda_virtual_packages=lambda envelope: (), scripts="bin", python="bin/python",
                           activation=activation)
    """
    raise NotImplementedError


@hookspec
def provenv_accelerators() -> Iterable[Accelerator]:
    """Kinds of device to train on.

    A complete plugin for one::

        from provenv.hooks import Accelerator, Build, Builds, Detection, hookimpl

        def detect(probe):
            return Detection(usable=bool(probe.folder("/sys/class/npu")))

        def builds(context):
            return Builds(offered=(Build(name="npu1", index="https://npu.example/simple",
                                         packages=("torch", "torch-npu"), locals=("npu1",)),))

        @hookimpl
        def provenv_accelerators():
            yield Accelerator(name="npu", preference=40, detect=detect,
                              accepts=lambda os, arch: None if os == "linux" else "Linux only",
                              builds=builds, torch_device="npu", family=("torch", "torch-npu"))
    """
    raise NotImplementedError


@hookspec
def provenv_lock_formats() -> Iterable[LockFormat]:
    """Other forms in which a lock can be written.

    A complete plugin for one::

        from provenv.hooks import LockFormat, hookimpl

        def render(lock):
            return "".join(f"{p['name']} {p.get('version', '')}\\n" for p in lock["packages"])

        @hookimpl
        def provenv_lock_formats():
            yield LockFormat(name="names", extension="txt", render=render)
    """
    raise NotImplementedError


@hookspec
def provenv_checks() -> Iterable[Check]:
    """Acceptance checks that `provenv prove` runs in an environment.

    A complete plugin for one::

        from provenv.hooks import Check, CheckOutcome, hookimpl

        def run(context):
            code = context.run([context.python, "-c", "import numpy"], {})
            return CheckOutcome(failures=() if code == 0 else ("numpy can't be imported",))

        @hookimpl
        def provenv_checks():
            yield Check(name="numpy", run=run)
    """
    raise NotImplementedError


@hookspec
def provenv_index_auth() -> Iterable[IndexAuth]:
    """Sources of credentials for indexes, asked after the address itself, netrc and keyring.

    A complete plugin for one::

        import os
        from provenv.hooks import IndexAuth, hookimpl

        def find(url):
            token = os.environ.get("CORP_TOKEN")
            return ("token", token) if token and url.startswith("https://pypi.corp.example/") else None

        @hookimpl
        def provenv_index_auth():
            yield IndexAuth(name="corp", find=find)
    """
    raise NotImplementedError


@hookspec
def provenv_paste_readers() -> Iterable[PasteReader]:
    """Readers of what people paste of a machine (`provenv detect --from report.txt`).

    A complete plugin for one::

        import re
        from provenv.hooks import Device, PasteReader, Reading, hookimpl

        def read(pastes):
            names = [name for paste in pastes for name in re.findall(r"^npu\\d+: (.+)$", paste.text, re.M)]
            return Reading(devices=tuple(Device("acme", name) for name in names))

        @hookimpl
        def provenv_paste_readers():
            yield PasteReader(name="npu-list", preference=50, read=read)

    An accelerator's own `detect` finds the same texts in `probe.pastes()`.
    """
    raise NotImplementedError
