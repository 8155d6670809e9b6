"""A cursor over the text of a dependency specifier, for the PEP 508 grammars of requirements and markers."""

from __future__ import annotations

from provenv.patterns import regex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_WORD, _DOTTED = regex(r"\w+"), regex(r"[\w.]+")


class Malformed(ValueError):
    """The grammar expected something else at `column` (counted from 1)."""

    def __init__(self, message: str, text: str, column: int) -> None:
        super().__init__(f"{message} at column {column} of {text!r}")
        self.message = message
        self.text = text
        self.column = column


class Scanner:
    """Where the reading of `text` stands. Blanks are spaces and tabs alone, as PEP 508 has it."""

    __slots__ = ("position", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def skip_blanks(self) -> bool:
        """Move past blanks; whether there were any."""
        start, position, text = self.position, self.position, self.text
        while text[position : position + 1] in (" ", "\t"):
            position += 1
        self.position = position
        return position > start

    def at_end(self) -> bool:
        return self.position >= len(self.text)

    def peek(self) -> str:
        """The next character, "" at the end."""
        return self.text[self.position : self.position + 1]

    def take(self, literal: str) -> bool:
        """Move past `literal` if it is next."""
        if not self.text.startswith(literal, self.position):
            return False
        self.position += len(literal)
        return True

    def word(self, *, dotted: bool = False) -> str:
        """The word here (letters, digits, `_`, dots if `dotted`), without moving; "" where there is none."""
        found = (_DOTTED if dotted else _WORD).match(self.text, self.position)
        return found[0] if found else ""

    def take_word(self, *words: str) -> str | None:
        """Move past the next word if it is one of these, and say which."""
        word = self.word()
        if word not in words:
            return None
        self.position += len(word)
        return word

    def fail(self, message: str, position: int | None = None) -> NoReturn:
        """Raise Malformed at a position, the present one where none is given."""
        raise Malformed(message, self.text, (self.position if position is None else position) + 1)
