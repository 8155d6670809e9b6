"""Sources in git repositories: a revision becomes a full commit hash, a commit becomes a folder.

Credentials in an address go to git through its environment and a credential helper, so that they appear in no
process list, error or lock; git itself asks nobody for anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from provenv.addresses import redact, without_credentials
from provenv.errors import InputError, InstallError, NetworkError, Origin, ProvenvError
from provenv.pypi.processes import Finished, run_bounded, tool_environment
from provenv.values import dataclass

if TYPE_CHECKING:
    from provenv.settings import NetworkSettings

SECONDS = 900.0
_SCHEMES = ("https", "http", "ssh", "git", "file")
_FULL_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHORT_HASH = re.compile(r"[0-9a-f]{4,63}")
# A git hook that runs us sets these, and they would turn every command to the wrong repository.
_GIT_LOCAL = {
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
}
# The helper answers only `get`; nothing is ever handed to the user's own helpers to be stored.
_HELPER = (
    """!f() { test "$1" = get && printf 'username=%s\\npassword=%s\\n' """
    """"$PROVENV_GIT_USERNAME" "$PROVENV_GIT_PASSWORD"; }; f"""
)


@dataclass(frozen=True, slots=True)
class GitSource:
    """A repository and a revision in it.

    `repository`: its address without credentials. `revision`: a branch, tag, full ref or commit; None: HEAD.
    `credentials`: user and password, never printed.
    """

    repository: str
    revision: str | None
    credentials: tuple[str, str] | None = None

    def __repr__(self) -> str:
        return f"GitSource({str(self)!r})"

    def __str__(self) -> str:
        return f"git+{self.repository}" + (f"@{self.revision}" if self.revision else "")


def parse_git(url: str, origin: Origin | None = None) -> GitSource:
    """`git+https://host/path.git@revision`, no fragment, as a value. Raises InputError for any other form."""
    parts = urlsplit(url)
    vcs, _, transport = parts.scheme.rpartition("+")
    if vcs not in ("", "git"):
        raise InputError(
            f"{redact(url)} can't be used: {vcs} is not supported, only git is",
            hints=[
                "name an archive of that source instead (https://…/NAME.tar.gz), or a mirror of it in git"
            ],
            origin=origin,
        )
    if transport not in _SCHEMES or not (parts.netloc or transport == "file") or not _has_real_port(parts):
        raise InputError(
            f"{redact(url)} is not an address of a git repository",
            hints=["write git+https://HOST/PATH@REVISION or git+ssh://git@HOST/PATH@REVISION"],
            origin=origin,
        )
    path, at, revision = parts.path.rpartition("@")
    if not at:
        path, revision = parts.path, ""
    elif not revision or revision.startswith("-"):
        raise InputError(f"{redact(url)} names no revision after its @", origin=origin)
    bare = without_credentials(urlunsplit((transport, parts.netloc, path, parts.query, "")))
    return GitSource(bare, unquote(revision) or None, _credentials(parts.username, parts.password, transport))


def _has_real_port(parts: SplitResult) -> bool:
    """False for scp's form `git@host:path` behind a scheme, which reads as a port that is no number."""
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


def _credentials(user: str | None, password: str | None, transport: str) -> tuple[str, str] | None:
    if user is None or transport not in ("https", "http"):
        return None
    return unquote(user), unquote(password or "")


class Git:
    """The program git with one set of network settings; `seconds` bounds each command."""

    def __init__(self, settings: NetworkSettings | None = None, *, seconds: float = SECONDS) -> None:
        self._settings = settings
        self._seconds = seconds

    def commit_of(self, source: GitSource, origin: Origin | None = None) -> str | None:
        """The full hash that a source's revision has now; None: only a clone can tell (an abbreviated hash).

        A full hash is itself, without asking. Raises NetworkError when the repository can't be read, and
        InputError when it has no such revision.
        """
        revision = source.revision
        if revision is not None and _FULL_HASH.fullmatch(revision):
            return revision
        # As pip: a branch is meant before a tag of the same name. ^{} is the commit under an annotated tag.
        names = ["HEAD"] if revision is None else _ref_names(revision)
        refs = self._refs(source, names)
        found = next((refs[name] for name in names if name in refs), None)
        if found is None and not (revision and _SHORT_HASH.fullmatch(revision)):
            raise InputError(
                f"{source.repository} has no branch, tag or commit named {revision or 'HEAD'}",
                evidence=[f"its branches and tags: {_some_names(self._refs(source, []))}"],
                origin=origin,
            )
        return found

    def check_out(
        self, source: GitSource, commit: str | None, into: Path, origin: Origin | None = None
    ) -> str:
        """Put the tree of a commit (None: what the revision abbreviates), submodules too, into a new folder.

        All history and tags come along where the server can't filter, as versions are often read from them;
        returns the full hash. Raises NetworkError or InputError.
        """
        environ = self._environ(source)
        cloning = self._git(
            ["clone", "--quiet", "--no-checkout", "--filter=blob:none", "--", source.repository, str(into)],
            source,
            environ,
            into.parent,
        )
        if cloning.code != 0:
            raise _unreachable(source, cloning)
        full = self._resolved(source, commit, into, environ, origin)
        for arguments in (
            ["checkout", "--quiet", "--detach", full],
            ["submodule", "update", "--quiet", "--init", "--recursive"],
        ):
            finished = self._git(arguments, source, environ, into)
            if finished.code != 0:
                raise _unreachable(source, finished)
        return full

    def _resolved(
        self,
        source: GitSource,
        commit: str | None,
        clone: Path,
        environ: Mapping[str, str],
        origin: Origin | None,
    ) -> str:
        """The full hash, present in the clone; a commit that no branch or tag reaches is fetched by hash."""
        wanted = commit or source.revision or "HEAD"
        verify = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{wanted}^{{commit}}"]
        answer = self._git(verify, source, environ, clone)
        if answer.code != 0 and _FULL_HASH.fullmatch(wanted):
            self._git(["fetch", "--quiet", "origin", wanted], source, environ, clone)
            answer = self._git(verify, source, environ, clone)
        found = [line for line in answer.output.splitlines() if _FULL_HASH.fullmatch(line)]
        if answer.code != 0 or not found:
            raise InputError(f"{source.repository} has no commit {wanted}", origin=origin)
        return found[0]

    def _refs(self, source: GitSource, names: list[str]) -> dict[str, str]:
        """Ref -> hash of the refs with these names; no names mean all (the last ones of very many)."""
        asking = ["ls-remote", "--", source.repository, *names]
        finished = self._git(asking, source, self._environ(source), Path(gettempdir()))
        if finished.code != 0:
            raise _unreachable(source, finished)
        pairs = (line.split("\t") for line in finished.output.splitlines())
        return {pair[1]: pair[0] for pair in pairs if len(pair) == 2 and _FULL_HASH.fullmatch(pair[0])}

    def _git(
        self, arguments: list[str], source: GitSource, environ: Mapping[str, str], cwd: Path
    ) -> Finished:
        if (
            self._settings is not None
            and self._settings.offline
            and not source.repository.startswith("file:")
        ):
            raise NetworkError(f"{source} can't be read offline")
        try:
            return run_bounded(["git", *arguments], cwd=cwd, environ=environ, seconds=self._seconds)
        except OSError as error:
            raise InstallError(
                f"{source} needs the program git, which can't be started",
                evidence=[str(error)],
                hints=["install git and have it on PATH"],
            ) from error

    def _environ(self, source: GitSource) -> dict[str, str]:
        environ = {name: value for name, value in tool_environment().items() if name not in _GIT_LOCAL}
        environ["GIT_TERMINAL_PROMPT"] = "0"
        environ["LC_ALL"] = "C.UTF-8"
        environ.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
        # A submodule of a repository on the network has no business with this disk.
        local = source.repository.startswith("file:")
        environ["GIT_ALLOW_PROTOCOL"] = ":".join(_SCHEMES if local else _SCHEMES[:-1])
        config: list[tuple[str, str]] = []
        if self._settings is not None and self._settings.cert is not None:
            config.append(("http.sslCAInfo", str(self._settings.cert)))
        if self._settings is not None and self._settings.proxy is not None:
            config.append(("http.proxy", self._settings.proxy))
        if source.credentials is not None:
            environ["PROVENV_GIT_USERNAME"], environ["PROVENV_GIT_PASSWORD"] = source.credentials
            key = f"credential.{_host(source.repository)}.helper"
            config += [(key, ""), (key, _HELPER)]
        return environ | _git_config(environ, config)


def _git_config(environ: Mapping[str, str], pairs: list[tuple[str, str]]) -> dict[str, str]:
    """More configuration in variables, after what the environment already has of it."""
    given = environ.get("GIT_CONFIG_COUNT", "0")
    first = int(given) if given.isdecimal() else 0
    variables = {"GIT_CONFIG_COUNT": str(first + len(pairs))}
    for number, (key, value) in enumerate(pairs, start=first):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _ref_names(revision: str) -> list[str]:
    if revision.startswith("refs/"):
        return [f"{revision}^{{}}", revision]
    return [f"refs/heads/{revision}", f"refs/tags/{revision}^{{}}", f"refs/tags/{revision}"]


def _some_names(refs: Mapping[str, str]) -> str:
    names = [name.split("/", 2)[2] for name in refs if name.startswith(("refs/heads/", "refs/tags/"))]
    shown = [name for name in names if not name.endswith("^{}")]
    return (", ".join(shown[:10]) or "none") + (f" and {len(shown) - 10} more" if len(shown) > 10 else "")


def _unreachable(source: GitSource, finished: Finished) -> ProvenvError:
    output = finished.last_lines(8)
    if finished.code is None:
        return NetworkError(f"{source} could not be fetched in time", evidence=output)
    return NetworkError(
        f"{source} could not be fetched",
        evidence=["git said:", *output],
        hints=[
            "check the address and that you may read it: git ls-remote " + source.repository,
            "credentials come from git's own credential helpers or ssh-agent; nothing is asked for",
        ],
    )
