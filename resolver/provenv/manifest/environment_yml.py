"""`environment.yml` as a manifest: channels, conda packages, what pip installs on top, variables."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from provenv.errors import ManifestError, Origin
from provenv.manifest.conda_table import channel, conda_spec
from provenv.manifest.document import read_bytes, shown_path
from provenv.manifest.draft import Draft
from provenv.manifest.project import both_markers
from provenv.manifest.selectors import is_selector, selector_marker
from provenv.manifest.spelling import nearest
from provenv.manifest.values import CondaSpec, CondaTable, Manifest, ManifestRequirement
from provenv.patterns import regex
from provenv.reads import real_path, variable
from provenv.values import replace

if TYPE_CHECKING:
    import yaml

KEYS = ("name", "channels", "dependencies", "variables", "platforms", "prefix", "category")

# conda's names of platforms, as conda-lock's `platforms:` has them, by provenv's.
_PLATFORMS = {
    "linux-64": "linux-x86_64",
    "linux-aarch64": "linux-aarch64",
    "osx-64": "macos-x86_64",
    "osx-arm64": "macos-arm64",
    "win-64": "windows-x86_64",
    "win-arm64": "windows-arm64",
}
_SELECTOR = regex(r"#.*?\[([^\[\]]+)\]\s*$")
_SEL = regex(r"sel\((.*)\)")


def read_environment(path: Path) -> Manifest:
    """The file whole; every target of it is a conda environment.

    Raises:
        ManifestError: something in it that can't be followed, with its line and the reason.
    """
    return _Reader(path).read()


class _Reader:
    """One file being read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shown = shown_path(path)
        self.draft = Draft(path, "environment")
        self.lines: list[str] = []

    def read(self) -> Manifest:
        top = self._parsed()
        items = self._mapping(top, "an environment file")
        self._check_keys(items)
        self.draft.name = self._text(items.get("name"))
        channels = self._channels(items.get("channels"))
        specs = list(self._dependencies(items.get("dependencies"), top))
        self.draft.conda = CondaTable(
            channels=channels,
            dependencies=tuple(specs),
            variables=self._variables(items.get("variables")),
            origin=self._origin(top),
        )
        self.draft.platforms = self._platforms(items.get("platforms"))
        return self.draft.finish()

    def _parsed(self) -> yaml.Node:
        from provenv.conda.library import require_conda

        require_conda()
        import yaml

        data = read_bytes(self.path)
        try:
            text = data.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise ManifestError("this line is not UTF-8", origin=Origin(self.shown, line)) from None
        self.lines = text.splitlines()
        self._refuse_templates()
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            where = error.problem_mark or error.context_mark
            line_number = where.line + 1 if where else None
            raise ManifestError(
                f"not valid YAML: {error.problem or error.context}", origin=Origin(self.shown, line_number)
            ) from None
        except (yaml.YAMLError, RecursionError) as error:
            raise ManifestError(f"not valid YAML: {error}", origin=Origin(self.shown)) from None
        if node is None:
            raise ManifestError("the file is empty", origin=Origin(self.shown, 1))
        return node

    def _refuse_templates(self) -> None:
        for number, line in enumerate(self.lines, start=1):
            if re.search(r"\{\{|\{%", line.partition(" #")[0]):
                raise ManifestError(
                    "a template ({{ … }}) has to be filled in by the tool that it is for",
                    hints=["write the value, or an environment variable as ${NAME}"],
                    origin=Origin(self.shown, number),
                )

    def _origin(self, node: yaml.Node) -> Origin:
        return Origin(self.shown, node.start_mark.line + 1)

    def _error(self, node: yaml.Node, message: str, *hints: str) -> ManifestError:
        return ManifestError(message, hints=hints, origin=self._origin(node))

    def _mapping(self, node: yaml.Node, what: str) -> dict[str, yaml.Node]:
        if not _is(node, "mapping"):
            raise self._error(node, f"{what} is a table of keys")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if str(key.value) in found:
                raise self._error(key, f"the key {str(key.value)!r} stands here a second time", "join both")
            found[str(key.value)] = value
        return found

    def _sequence(self, node: yaml.Node, what: str) -> list[yaml.Node]:
        if not _is(node, "sequence"):
            raise self._error(node, f"{what} is a list", f"write each on a line of its own: `- {what}`")
        return list(node.value)

    def _text(self, node: yaml.Node | None) -> str | None:
        if node is None or _is_null(node):
            return None
        if not _is(node, "scalar"):
            raise self._error(
                node, "this must be a text", "put it in quotes: YAML reads it as something else"
            )
        return str(node.value)

    def _check_keys(self, items: Mapping[str, yaml.Node]) -> None:
        for key, node in items.items():
            if key in KEYS:
                continue
            near = nearest(key, KEYS)
            if near in ("channels", "dependencies", "variables"):
                raise self._error(node, f"unknown key {key!r}", f"did you mean {near!r}?")
            self.draft.warn(f"the key {key!r} is conda's business no more than provenv's", self._origin(node))
        if "prefix" in items:
            self.draft.warn(
                "`prefix` is where its author kept it; provenv keeps environments beside the manifest",
                self._origin(items["prefix"]),
            )
        if "category" in items:
            self.draft.warn(
                "`category` is conda-lock's, and is not followed", self._origin(items["category"])
            )

    def _channels(self, node: yaml.Node | None) -> tuple[str, ...]:
        """conda asks its defaults where nothing is said; `nodefaults` says that these are not wanted."""
        if node is None or _is_null(node):
            return ("defaults",)
        found: list[str] = []
        for item in self._sequence(node, "channels"):
            text = self._text(item)
            if not text:
                raise self._error(item, "a channel has a name")
            if text != "nodefaults":
                found.append(channel(text, self.draft.folder, self._origin(item)))
        return tuple(dict.fromkeys(found)) or ("defaults",)

    def _dependencies(self, node: yaml.Node | None, top: yaml.Node) -> Iterator[CondaSpec]:
        if node is None:
            raise self._error(top, "it has no `dependencies`", "list the packages: `dependencies:`")
        for item in [] if _is_null(node) else self._sequence(node, "dependencies"):
            if _is(item, "scalar"):
                yield self._spec(item, self._selector(item))
            elif _is(item, "mapping"):
                yield from self._table(item)
            else:
                raise self._error(item, "a dependency is a text, or `pip:` with a list")

    def _table(self, item: yaml.Node) -> Iterator[CondaSpec]:
        for key, value in item.value:
            name = str(key.value)
            selector = _SEL.fullmatch(name)
            if name == "pip":
                self._pip(value)
            elif selector and is_selector(selector[1]):
                nodes = value.value if _is(value, "sequence") else [value]
                for node in nodes:
                    yield self._spec(node, selector[1])
            else:
                raise self._error(
                    key,
                    f"{name!r} is no kind of dependency",
                    f"write it in one text: `- {name} {value.value}`"
                    if _is(value, "scalar")
                    else "use `pip:`",
                )

    def _spec(self, node: yaml.Node, selector: str | None) -> CondaSpec:
        text = self._text(node)
        if text is None:
            raise self._error(node, "a dependency is missing here")
        spec = conda_spec(self._filled(text, node), self._origin(node))
        return replace(spec, selector=selector)

    def _selector(self, node: yaml.Node) -> str | None:
        """The selector in the comment behind a line, which conda-lock follows and conda itself does not."""
        line = self.lines[node.end_mark.line] if node.end_mark.line < len(self.lines) else ""
        match = _SELECTOR.search(line[node.end_mark.column :])
        return match[1].strip() if match and is_selector(match[1]) else None

    def _filled(self, text: str, node: yaml.Node) -> str:
        def value(match: re.Match[str]) -> str:
            found = variable(match[1])
            if found is None:
                raise self._error(node, f"the variable {match[1]} in {text!r} is not set")
            return found

        return re.sub(r"\$\{([A-Za-z_]\w*)\}", value, text)

    def _pip(self, node: yaml.Node) -> None:
        """The `pip:` part, every item of which is a line of a requirements file."""
        from provenv.manifest.requirements_lines import logical_lines
        from provenv.manifest.requirements_txt import RequirementsReader

        reader = RequirementsReader(self.draft)
        for item in [] if _is_null(node) else self._sequence(node, "pip"):
            text = self._text(item)
            if text is None:
                raise self._error(item, "a requirement is missing here")
            origin, selector = self._origin(item), self._selector(item)
            taken: list[ManifestRequirement] = []
            for line in logical_lines(text, os.environ):
                reader.take_line(line, origin, self.path, taken, (real_path(self.path),))
            self.draft.requirements += [_marked(one, selector) for one in taken]

    def _variables(self, node: yaml.Node | None) -> tuple[tuple[str, str], ...]:
        if node is None or _is_null(node):
            return ()
        found = {name: self._text(value) for name, value in self._mapping(node, "variables").items()}
        return tuple(sorted((name, value or "") for name, value in found.items()))

    def _platforms(self, node: yaml.Node | None) -> tuple[str, ...]:
        if node is None or _is_null(node):
            return ()
        found = []
        for item in self._sequence(node, "platforms"):
            text = self._text(item) or ""
            if text not in _PLATFORMS:
                near = nearest(text, _PLATFORMS)
                hints = [f"did you mean {near!r}?"] if near else [f"known are {', '.join(_PLATFORMS)}"]
                raise self._error(item, f"there is no platform {text!r}", *hints)
            found.append(_PLATFORMS[text])
        return tuple(dict.fromkeys(found))


def _is(node: yaml.Node, kind: str) -> bool:
    return bool(node.id == kind)


def _is_null(node: yaml.Node) -> bool:
    return _is(node, "scalar") and bool(node.tag == "tag:yaml.org,2002:null")


def _marked(required: ManifestRequirement, selector: str | None) -> ManifestRequirement:
    """A requirement that counts where its line's selector holds."""
    if selector is None:
        return required
    marker = both_markers(required.requirement.marker, selector_marker(selector))
    return replace(required, requirement=replace(required.requirement, marker=marker))
