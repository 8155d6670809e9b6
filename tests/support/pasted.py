"""What provenv answers of a machine when texts are pasted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from provenv.cli.detect import describe
from provenv.hooks.manager import plugins
from provenv.host import Host
from provenv.pastes.gathering import paste
from provenv.pastes.understanding import PasteProbe, understand

Answer = dict[str, Any]  # a document as JSON has it


def probe_of(*texts: str | bytes, files: Mapping[str, str] | None = None) -> PasteProbe:
    """The machine of some texts, and of files by their names."""
    named: dict[str, str | bytes] = {f"{number}.txt": text for number, text in enumerate(texts)}
    named.update(files or {})
    pastes = [paste(name, text.encode() if isinstance(text, str) else text) for name, text in named.items()]
    understood = understand(pastes, plugins().paste_readers.values())
    assert understood.problems == ()
    return PasteProbe(pastes, understood.readings)


def detected(*texts: str | bytes, files: Mapping[str, str] | None = None) -> Answer:
    """The document of `provenv detect --json` for some texts, and for files by their names."""
    host = Host(plugins(), probe_of(*texts, files=files))
    answer: Answer = json.loads(json.dumps(describe(host)))
    assert host.problems == []
    return answer


def codes(answer: Answer) -> set[str]:
    """The findings' codes, without the notes that nearly every paste gets."""
    found = {finding["code"] for finding in answer["findings"]}
    return found - {"paste-leaves-open", "nvidia-driver-older-than-newest-builds"}
