"""Commands as `provenv --help` groups them; names and one line each, so that help imports none of them."""

from __future__ import annotations

from provenv.values import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its module under `provenv.cli` has `add_arguments(parser)` and `run(args) -> int`."""

    name: str
    help: str
    module: str


GROUPS: dict[str, tuple[Command, ...]] = {
    "everyday": (
        Command("lock", "write a lock for every target of the manifest", "lock"),
        Command("check", "say whether the locks still fit the manifest", "check"),
        Command("install", "make the environment of the lock that fits this machine", "install"),
        Command("run", "run a command in the environment", "run"),
        Command("shell", "start a shell in the environment", "shell"),
        Command("env", "print the lines that activate the environment", "env"),
        Command("prove", "train the demo in the environment and write the proof", "prove"),
        Command("up", "lock if needed, install, prove", "up"),
    ),
    "look closer": (
        Command("manifest", "show what was understood of a manifest", "manifest"),
        Command("detect", "show the hardware that was found here, and how", "detect"),
        Command("compat", "show which torch, CUDA or ROCm and Python go together, and run here", "compat"),
        Command("doctor", "say what would stop a training run here, and what mends it", "doctor"),
        Command("why", "say why a package is in a lock", "why"),
        Command("tree", "show a lock as a tree", "tree"),
        Command("outdated", "list what a relock could bring up to date", "outdated"),
    ),
    "plumbing": (
        Command("resolve", "resolve requirements for one target and print the answer", "resolve"),
        Command("export", "write a lock in the form of another tool", "export"),
        Command("config", "show the network settings in force and where they come from", "config"),
        Command("plugin", "list plugins, write a new one, check one", "plugin"),
        Command("completion", "print a completion script for a shell", "completion"),
    ),
}

COMMANDS = {command.name: command for group in GROUPS.values() for command in group}
