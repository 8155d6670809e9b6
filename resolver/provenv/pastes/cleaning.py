"""Takes from a pasted text what its way here added: colours, log prefixes, quotes, line numbers, wraps."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Sequence

from provenv.pastes.wrapping import unwrapped

_ANSI = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # colours, cursor
    r"|[\]_][^\x07\x1b]*(?:\x07|\x1b\\)"  # titles, and what CI systems hide in them
    r"|[@-Z\\-_])"
)
_CARET_ANSI = re.compile(r"(?:\^\[|\\(?:e|x1[bB]|033|u001[bB]))\[[0-9;]*[A-Za-z]")
_BLANKS = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\x00-\x08\x0b\x0c\x0e-\x1a\x1b-\x1f\x7f]")
_EMPTY = re.compile(r"\n(?:[ \t]*\n){3,}")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,6}|#x[0-9a-fA-F]{1,5});")

# Prefixes that stand before a line of any log and before nothing else.
_STAMPS = (
    re.compile(r"^\s*_bk;t=\d+\s?"),  # Buildkite
    re.compile(r"^[^\t\n]{1,80}\t[^\t\n]{1,80}\t(?=\d{4}-\d\d-\d\dT)"),  # `gh run view --log`
    re.compile(
        r"^\s*\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]?"
        r"(?: \d\d[OE][ +]?)?[ \t]?"  # GitLab's stream and section
    ),
    re.compile(r"^\s*\[\d\d:\d\d:\d\d(?:[.,]\d+)?\][ \t]?"),
    # syslog, the month in any language: `Sep 23`, `2\u6708 21`, `april 24`
    re.compile(r"^\s*[^\W_]{2,9}\.? {1,2}\d{1,2} \d\d:\d\d:\d\d \S+ [\w./-]+(?:\[\d+\])?:(?: |$)"),
    re.compile(r"^\s*\[\s*\d+\.\d{6}\](?: |$)"),  # dmesg
    re.compile(r"^##\[\w+\]"),  # GitHub's and Azure's log commands
)
_STAMPED = re.compile(
    r"[^\t\n]{1,80}\t[^\t\n]{1,80}\t\d{4}-|\s*(?:_bk;|\[|\d{4}-|##\[|[^\W_]{2,9}\.? {1,2}\d{1,2} \d\d:)"
)
"""How a line begins that may have one of them."""

# Prefixes that mean something only where several lines running have them: (pattern, how many lines).
_QUOTES = (
    (re.compile(r"^[ \t]*(?:>(?!>|=) ?)+"), 2),
    (re.compile(r"^[ \t]*#(?![#!])(?: |$)"), 3),
    (re.compile(r"^[ \t]*//+ ?"), 3),
    (re.compile(r"^[ \t]*\*(?: |$)(?!\*)"), 4),
    (re.compile(r"^\+(?=[|+ A-Za-z]|$)(?!\+{3})"), 4),  # a diff
)
_NUMBER = re.compile(r"^[ \t]*(\d{1,5})[:.)]?(?:[ \t]|(?=[\u2502|])|$)")
_NUMBER_AND_BAR = re.compile(r"^[ \t]*\d{1,5}[ \t]*[\u2502|](?:[ \t]|$)")
_SERVICE = re.compile(r"^([A-Za-z][\w.-]{1,40}?)\s*\| ?")  # docker compose


LONG_LINE = 4_000
LONGEST_LINE = 8_000
"""Characters. A processor's flags take three thousand; what nothing limits makes a search take minutes."""


def clean(text: str) -> str:
    """The text as its tool printed it, as well as can be told. Never raises."""
    text = _INVISIBLE.sub("", _ANSI.sub("", _CARET_ANSI.sub("", text)))
    text = _EMPTY.sub("\n\n\n", _BLANKS.sub(" ", text))
    text = "\n".join(_unescaped(line) for line in text.split("\n"))
    if _ENTITY.search(text):
        text = html.unescape(_ENTITY.sub(lambda found: found[0], text)).replace("\xa0", " ")
    lines = [_unstamped(line.rstrip()) for long in text.split("\n") for line in _shortened(long)]
    for pattern, least in _QUOTES:
        lines = _without_runs(lines, pattern.match, least)
    lines = unwrapped(_without_services(_without_numbers(lines)))
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(_closed_up(lines)))


def _shortened(line: str) -> list[str]:
    """A document on one line, broken where its own tags or members end; what is longer still is cut off."""
    if len(line) <= LONG_LINE:
        return [line]
    broken = re.sub(r'(>)[ \t]*(?=<)|([}\]"],)[ \t]*(?=["{\[])', r"\1\2\n", line)
    return [part[:LONGEST_LINE] for part in broken.split("\n")]


def _unescaped(line: str) -> str:
    r"""A line in which a whole text stands as a string literal, its line ends written as `\n`."""
    if line.count("\\n") < 5 or re.search(r"(?<![A-Za-z])[A-Z]:\\n", line):
        return line
    text = line.replace("\\r", "").replace("\\n", "\n").replace("\\t", "\t")
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text).replace('\\"', '"')


def _unstamped(line: str) -> str:
    if not _STAMPED.match(line):
        return line
    for pattern in _STAMPS:
        line = pattern.sub("", line, count=1)
    return line


def _without_runs(
    lines: Sequence[str], match: Callable[[str], re.Match[str] | None], least: int
) -> list[str]:
    """The lines, a prefix taken from each run of `least` or more that have it; blank ones join runs."""
    result = list(lines)
    for run in _runs(lines, lambda line: match(line) is not None):
        if len(run) >= least:
            for number in run:
                found = match(lines[number])
                result[number] = lines[number][found.end() :] if found else lines[number]
    return result


def _runs(lines: Sequence[str], belongs: Callable[[str], bool]) -> Iterable[list[int]]:
    run: list[int] = []
    for number, line in enumerate(lines):
        if belongs(line):
            run.append(number)
        elif line.strip() and run:
            yield run
            run = []
    yield run


def _without_numbers(lines: Sequence[str]) -> list[str]:
    """Line numbers: at least five lines running whose leading numbers count up one by one.

    A bar behind them belongs to them where every line has it, else to a table.
    """
    result = list(lines)
    run: list[int] = []
    last = -1
    for number, line in enumerate([*lines, "end"]):
        found = _NUMBER.match(line)
        value = int(found[1]) if found else -1
        if found and run and value == last + 1:
            run.append(number)
        elif line.strip() or number == len(lines):
            if len(run) >= 5:
                barred = all(_NUMBER_AND_BAR.match(lines[place]) for place in run)
                for place in run:
                    result[place] = (_NUMBER_AND_BAR if barred else _NUMBER).sub("", lines[place], count=1)
            run = [number] if found else []
        last = value if line.strip() else last
    return result


def _without_services(lines: Sequence[str]) -> list[str]:
    """`web-1  | ` before every line: docker compose's logs, four lines running of one service."""
    result = list(lines)
    run: list[int] = []
    name = ""
    for number, line in enumerate([*lines, "end"]):
        found = _SERVICE.match(line)
        if found and found[1] == name:
            run.append(number)
            continue
        if len(run) >= 4:
            for place in run:
                result[place] = _SERVICE.sub("", lines[place], count=1)
        run, name = ([number], found[1]) if found else ([], "")
    return result


def _closed_up(lines: Sequence[str]) -> list[str]:
    """Without the blank line after each line that some log viewers and mail programs add."""
    kept = [line for line in lines if line.strip()]
    doubled = sum(
        bool(line.strip()) and not lines[number + 1].strip() for number, line in enumerate(lines[:-1])
    )
    return kept if len(kept) >= 6 and doubled >= 0.8 * len(kept) else list(lines)
