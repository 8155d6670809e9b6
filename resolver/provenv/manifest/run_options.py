"""The options of a requirements file that speak for the whole run: indexes, files, prereleases."""

from __future__ import annotations

from pathlib import Path

from provenv.errors import ManifestError, Origin
from provenv.manifest.draft import Draft, Rules
from provenv.manifest.locations import file_url
from provenv.manifest.requirements_options import Option
from provenv.manifest.values import Index

_SILENT = ("--prefer-binary", "--no-require-hashes")
"""Options whose meaning holds anyway: wheels are preferred to builds, hashes not asked of everything."""


def apply_option(option: Option, draft: Draft, origin: Origin, folder: Path) -> None:
    """Puts what an option says into the draft; one that can't be followed becomes a warning."""
    name, value = option.name, option.value
    if name == "--index-url":
        _default_index(_address(value, folder), draft, origin)
    elif name == "--extra-index-url":
        _add_index(Index(shown(value), _address(value, folder), origin=origin), draft)
    elif name == "--find-links":
        _add_index(Index(shown(value), _address(value, folder), flat=True, origin=origin), draft)
    elif name == "--no-index":
        draft.no_index = True
    elif name == "--pre":
        draft.prerelease = "allow"
    elif name in ("--all-releases", "--only-final"):
        _prereleases(name, value, draft, origin)
    elif name == "--no-binary":
        _files_rule(value, draft.no_binary, draft.only_binary, origin)
        # who asks for a source distribution by name lets it be built
        draft.build.everything |= draft.no_binary.everything
        draft.build.names |= draft.no_binary.names
    elif name == "--only-binary":
        _files_rule(value, draft.only_binary, draft.no_binary, origin)
    elif name == "--trusted-host":
        draft.warn(
            f"--trusted-host {value} is not followed: whom to trust is this machine's own setting "
            "(`trusted-hosts` in provenv's config.toml, or pip's configuration)",
            origin,
        )
    elif name not in _SILENT:
        draft.warn(f"{name} {value} is not followed".replace("  ", " "), origin)


def shown(address: str) -> str:
    """An index's address as its name, without credentials."""
    from provenv.addresses import redact

    return redact(address)


def _address(value: str, folder: Path) -> str:
    """An index's address; a path is looked for in the file's folder, then in the working folder."""
    if "://" in value or value.lower().startswith("file:"):
        return value
    return file_url(value, (folder, Path.cwd()))


def _default_index(address: str, draft: Draft, origin: Origin) -> None:
    before = next((index for index in draft.indexes if index.default), None)
    if before and before.url != address:
        draft.warn(f"this index takes the place of {before.name} ({before.origin})", origin)
    draft.indexes[:] = [index for index in draft.indexes if not index.default]
    draft.indexes.append(Index(shown(address), address, default=True, origin=origin))


def _add_index(index: Index, draft: Draft) -> None:
    if not any((i.url, i.flat) == (index.url, index.flat) for i in draft.indexes):
        draft.indexes.append(index)


def _names(value: str, origin: Origin) -> list[str]:
    from provenv.standards.names import canonicalize, is_valid_name

    names = [name.strip() for name in value.split(",") if name.strip()]
    for name in names:
        if name not in (":all:", ":none:") and not is_valid_name(name):
            raise ManifestError(f"{name!r} is no package name", origin=origin)
    return [name if name.startswith(":") else canonicalize(name) for name in names]


def _files_rule(value: str, rules: Rules, other: Rules, origin: Origin) -> None:
    """pip: later words win; `:all:` clears both rules, `:none:` this one, and a name leaves the other one."""
    for name in _names(value, origin):
        if name == ":all:":
            rules.everything, other.everything = True, False
            rules.names.clear()
            other.names.clear()
        elif name == ":none:":
            rules.everything = False
            rules.names.clear()
        else:
            rules.names.add(name)
            other.names.discard(name)


def _prereleases(option: str, value: str, draft: Draft, origin: Origin) -> None:
    rule = "allow" if option == "--all-releases" else "never"
    for name in _names(value, origin):
        if name == ":all:":
            draft.prerelease = "allow" if rule == "allow" else "never"
        elif name != ":none:":
            draft.prerelease_package[name] = rule
