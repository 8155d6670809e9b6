"""`[tool.uv]`: what has a twin in provenv is followed, everything else that changes the answer is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from provenv.addresses import redact
from provenv.manifest.document import Document, Table
from provenv.manifest.draft import Draft, Rules
from provenv.manifest.indexes import index_url, refuse_twice
from provenv.manifest.locations import file_url
from provenv.manifest.provenv_table import (
    moment,
    package_names,
    read_package_moments,
    requirement_list,
)
from provenv.manifest.uv_sources import read_sources
from provenv.manifest.values import Index
from provenv.reads import is_file

# How uv works, not what it chooses: these leave the answer as it is.
_HARMLESS = frozenset(
    (
        *("add-bounds", "allow-insecure-host", "audit", "build-backend", "cache-dir", "cache-keys"),
        *("check-url", "compile-bytecode", "concurrent-builds", "concurrent-downloads"),
        *("concurrent-installs", "exclude-newer", "format", "http-proxy", "https-proxy", "no-proxy"),
        *("keyring-provider", "link-mode", "malware-check", "managed", "native-tls", "system-certs"),
        *("no-cache", "no-progress", "no-sources", "no-sources-package", "offline", "package", "preview"),
        *("preview-features", "publish-url", "pypy-install-mirror", "python-downloads"),
        *("python-downloads-json-url", "python-install-mirror", "python-preference", "reinstall"),
        *("reinstall-package", "required-version", "sources", "trusted-publishing", "upgrade"),
        "upgrade-package",
    )
)

# Values with which a setting changes nothing here.
_SAME_ANSWER: Mapping[str, tuple[object, ...]] = {
    "resolution": ("highest",),
    "index-strategy": ("first-index",),
    "no-build-isolation": (False,),
}

_PRERELEASE: Mapping[str, str] = {
    "allow": "allow",
    "disallow": "never",
    "if-necessary": "if-needed",
    "if-necessary-or-explicit": "if-needed",
}

Reader = Callable[[Table, str, Draft], None]


def read_uv(document: Document, draft: Draft) -> None:
    """Reads `[tool.uv]` into a draft that already has the project's requirements.

    Raises:
        ManifestError: a value that uv would refuse too, with its line.
    """
    table = document.top.deep("tool", "uv")
    if table is None:
        return
    for key in table.data:
        reader = _READERS.get(key)
        if reader is not None:
            reader(table, key, draft)
        elif key not in _HARMLESS and table.data[key] not in _SAME_ANSWER.get(key, ()):
            reason = _UNFOLLOWED.get(key, "it has no twin here")
            draft.warn(f"tool.uv.{key} is not followed: {reason}", table.origin(key))
    if "exclude-newer" in table:
        draft.exclude_newer = moment(table, "exclude-newer")
    if is_file(document.folder / "uv.toml"):
        draft.warn(
            "uv.toml beside this file takes the place of [tool.uv] for uv, and is not read here",
            table.origin(),
        )
    if table.boolean("no-sources"):
        return
    read_sources(table, draft, package_names(table, "no-sources-package"))


_UNFOLLOWED = {
    "pip": "it speaks to `uv pip` alone",
    "workspace": "the members of a workspace are locked one by one, each as a project of its own",
    "environments": "the targets are those of [tool.provenv]",
    "required-environments": "the targets are those of [tool.provenv]",
    "conflicts": "every target is locked with the groups and extras that it names",
    "build-constraint-dependencies": "builds take what they ask for",
    "extra-build-dependencies": "builds take what they ask for",
    "extra-build-variables": "builds run with no variables of their own",
    "config-settings": "builds run with no settings of their own",
    "config-settings-package": "builds run with no settings of their own",
    "dependency-metadata": "metadata is taken from the files themselves",
    "no-build-isolation": "every build is isolated",
    "no-build-isolation-package": "every build is isolated",
    "resolution": "the newest versions are taken",
    "index-strategy": "the first index that has a package is the only one asked for it",
    "torch-backend": "the accelerators are those of [tool.provenv]",
}


def _indexes(table: Table, key: str, draft: Draft) -> None:
    found: list[Index] = []
    for one in table.tables(key):
        url = index_url(one)
        if "authenticate" in one or "ignore-error-codes" in one:
            pass  # how uv talks to the index; the answer is the same
        if "exclude-newer" in one:
            draft.warn("exclude-newer of one index is not followed", one.origin("exclude-newer"))
        index = Index(
            name=one.string("name") or redact(url),
            url=url,
            default=one.boolean("default") or False,
            explicit=one.boolean("explicit") or False,
            flat=one.string("format") == "flat",
            origin=one.origin(),
        )
        refuse_twice(one, index, found)
        found.append(index)
    draft.indexes += found


def _index_url(table: Table, key: str, draft: Draft) -> None:
    url = table.string(key)
    if url and not any(index.default for index in draft.indexes):
        draft.indexes.append(Index(redact(url), url, default=True, origin=table.origin(key)))


def _extra_index_urls(table: Table, key: str, draft: Draft) -> None:
    for position, url in enumerate(table.strings(key) or ()):
        draft.indexes.append(Index(redact(url), url, origin=table.origin(key, position)))


def _find_links(table: Table, key: str, draft: Draft) -> None:
    for position, text in enumerate(table.strings(key) or ()):
        url = text if "://" in text else file_url(text, (table.document.folder,))
        draft.indexes.append(Index(redact(url), url, flat=True, origin=table.origin(key, position)))


def _no_index(table: Table, key: str, draft: Draft) -> None:
    draft.no_index = table.boolean(key) or False


def _constraints(table: Table, key: str, draft: Draft) -> None:
    draft.constraints += requirement_list(table, key)


def _overrides(table: Table, key: str, draft: Draft) -> None:
    draft.overrides += requirement_list(table, key)


def _excluded(table: Table, key: str, draft: Draft) -> None:
    draft.excluded_dependencies += sorted(package_names(table, key))


def _prerelease(table: Table, key: str, draft: Draft) -> None:
    value = table.string(key)
    rule = _PRERELEASE.get(value or "")
    if rule == "allow":
        draft.prerelease = "allow"
    elif rule == "never":
        draft.prerelease = "never"
    elif rule is None:
        draft.warn(
            f"tool.uv.prerelease = {value!r} is not followed: prereleases are taken where they are asked "
            "for, and where there is nothing else",
            table.origin(key),
        )


def _fork_strategy(table: Table, key: str, draft: Draft) -> None:
    value = table.string(key)
    draft.align = value == "fewest"
    if value not in ("fewest", "requires-python"):
        raise table.error(f"{table.called(key)} is fewest or requires-python, not {value!r}", key)


def _file_rule(table: Table, key: str, rules: Rules) -> None:
    if key.endswith("-package"):
        rules.names |= package_names(table, key)
    else:
        rules.everything = table.boolean(key) or False


def _no_binary(table: Table, key: str, draft: Draft) -> None:
    _file_rule(table, key, draft.no_binary)
    _file_rule(table, key, draft.build)


def _no_build(table: Table, key: str, draft: Draft) -> None:
    _file_rule(table, key, draft.only_binary)


def _default_groups(table: Table, key: str, draft: Draft) -> None:
    from provenv.standards.names import canonicalize

    if table.data[key] == "all":
        draft.groups = tuple(draft.known_groups)
        return
    names = table.strings(key) or ()
    for position, name in enumerate(names):
        if canonicalize(name) not in draft.known_groups:
            raise table.error(f"there is no group {name!r}", key, position)
    draft.groups = tuple(canonicalize(name) for name in names)


def _dev_dependencies(table: Table, key: str, draft: Draft) -> None:
    from provenv.values import replace

    draft.requirements += [replace(r, group="dev") for r in requirement_list(table, key)]
    if "dev" not in draft.known_groups:
        draft.known_groups.append("dev")


def _group_settings(table: Table, key: str, draft: Draft) -> None:
    for name, group in table.subtables(key).items():
        if "requires-python" in group:
            draft.warn(
                f"requires-python of the group {name!r} is not followed", group.origin("requires-python")
            )


_READERS: Mapping[str, Reader] = {
    "index": _indexes,
    "index-url": _index_url,
    "extra-index-url": _extra_index_urls,
    "find-links": _find_links,
    "no-index": _no_index,
    "constraint-dependencies": _constraints,
    "override-dependencies": _overrides,
    "exclude-dependencies": _excluded,
    "exclude-newer-package": read_package_moments,
    "prerelease": _prerelease,
    "fork-strategy": _fork_strategy,
    "no-binary": _no_binary,
    "no-binary-package": _no_binary,
    "no-build": _no_build,
    "no-build-package": _no_build,
    "default-groups": _default_groups,
    "dev-dependencies": _dev_dependencies,
    "dependency-groups": _group_settings,
}
