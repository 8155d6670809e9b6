"""Index pages on the network, each parsed once: asked for conditionally, kept as records."""

from __future__ import annotations

import re
import time
from _thread import allocate_lock
from collections.abc import Callable, Iterator

from provenv.addresses import redact
from provenv.pypi.addresses import is_loopback
from provenv.pypi.cache import Cache, Record
from provenv.pypi.listing import Page
from provenv.pypi.records import FILES, LAYOUT, PROJECTS, Head, pack, read_head
from provenv.tuples import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from provenv.pypi.fetch import Answer, Fetcher
    from provenv.pypi.record_files import Blocks

FLATS = "flats"
"""The kind of cache records of flat pages."""
BLOCKS_AT_ONCE = 4096
"""Bytes: so short a record of files is read whole, of another one just what is asked for."""
LIFETIME = 600.0
"""Seconds for which a page counts as true where its index does not say: what the default index says."""
ABSENT = frozenset({404, 410})
SNIFFED = 256 * 1024
"""Bytes of an unknown page that are looked at."""


class NotHere(Exception):
    """The answer would need the network, and that was not asked for."""


class Validators(NamedTuple):
    """What an index said by which to ask whether a page changed. `lifetime`: seconds."""

    lifetime: float
    etag: str | None
    last_modified: str | None

    def conditions(self) -> dict[str, str]:
        """The headers of a conditional request."""
        told = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in told.items() if value}


class _Known(NamedTuple):
    """A page in the cache. `kind`: of the record that its head is from; `written`: Unix time."""

    kind: str
    head: Head
    written: float


class HttpPages:
    """Pages by address; safe from any thread. `fetcher` is called when the network is first needed."""

    def __init__(
        self, cache: Cache, fetcher: Callable[[], Fetcher], *, offline: bool = False, refresh: bool = False
    ) -> None:
        self.notes: list[str] = []
        # One page after the other: threads would read them no faster, and each takes many times its bytes.
        self._parsing = allocate_lock()
        self._heads: dict[str, tuple[_Known, int]] = {}
        self._cache, self._fetcher, self._offline, self._refresh = cache, fetcher, offline, refresh

    def project(
        self, key: str, url: str, name: str, *, network: bool
    ) -> tuple[Head, Callable[[], Blocks]] | None:
        """The records of a project page at `url`, None when the index has no such project.

        `key`: their key, which says how the addresses of the files that were looked at are made.
        """
        known = self._known(key)
        if known is not None and self._is_fresh(known.written, known.head.lifetime):
            return self._given(key, known)
        if not network:
            raise NotHere
        head = known.head if known else None
        answer = self._ask(url, Validators(head.lifetime, head.etag, head.last_modified) if head else None)
        if answer.status == 304 and known:
            self._cache.touch(known.kind, key)
            return self._given(key, known._replace(written=time.time()))
        absent, validators = answer.status != 200, _validators(answer)
        with self._parsing:
            page = Page((), "") if absent else _parsed(answer)
            del answer  # a page is megabytes now and then
            made, blocks = pack(name, page)
        made = made._replace(absent=absent, said=head.said if head else {}, **validators._asdict())
        self._cache.remove(PROJECTS, key)  # what was found out about the page before
        kept = self._cache.write(FILES, key, tuple(made), blocks)
        return self._given(key, _Known(FILES, made, time.time()), None if kept else b"".join(blocks))

    def _known(self, key: str) -> _Known | None:
        """What the cache has of a page."""
        for kind in (PROJECTS, FILES):
            record = self._cache.read(kind, key)
            head = read_head(record.head) if record else None
            if record and head:
                return _Known(kind, head, record.written)
        return None

    def _given(
        self, key: str, known: _Known, blocks: bytes | None = None
    ) -> tuple[Head, Callable[[], Blocks]] | None:
        """What `project` gives. `blocks`: those that the cache did not take."""
        head = known.head
        if head.absent:
            return None
        self._heads[key] = known, head.size

        def kept() -> Blocks:
            record = self._cache.read(FILES, key, at_once=BLOCKS_AT_ONCE)
            return record.tail if record else b""

        return head, kept if blocks is None else lambda: blocks

    def close(self) -> None:
        """Keep what was found out about the projects besides their pages, for the next run."""
        for key, (known, size) in tuple(self._heads.items()):  # a page that is still read may come in
            if known.head.size > size:
                self._cache.write(PROJECTS, key, tuple(known.head.trimmed()), written=known.written)
        self._heads.clear()

    def flat(self, url: str, *, network: bool) -> Page:
        """A flat page of files; raises IndexAnswerError when there is none at `url`."""
        record = self._cache.read(FLATS, url)
        known = _flat_record(record)
        if record and known and self._is_fresh(record.written, known[0].lifetime):
            return known[1]
        if not network:
            raise NotHere
        answer = self._ask(url, known[0] if known else None, must_exist=True)
        if answer.status == 304 and known:
            self._cache.touch(FLATS, url)
            return known[1]
        page = _parsed(answer)
        entries = tuple((filename, bytes(content)) for filename, content in page.entries)
        self._cache.write(FLATS, url, (LAYOUT, tuple(_validators(answer)), page.base, entries))
        return page

    def forget(self, key: str) -> None:
        """Let the record of a project page be made anew."""
        for kind in (PROJECTS, FILES):
            self._cache.remove(kind, key)

    def exists(self, url: str) -> bool:
        """Whether there is a page at an address."""
        return self._ask(url, None).status == 200

    def lists_files(self, url: str) -> bool:
        """Whether an address is itself a page with links to wheels or sdists, by its first part."""
        from provenv.errors import IndexAnswerError

        def first_part(chunks: Iterator[bytes], answer: Answer) -> tuple[bytes, str]:
            body = b""
            for chunk in chunks:
                body += chunk
                if len(body) >= SNIFFED:
                    break
            return body, answer.headers.get("content-type", "")

        try:
            body, kind = self._fetcher().stream(url, first_part)
        except IndexAnswerError:
            return False
        if "html" not in kind:
            return False
        from provenv.pypi.html_pages import parse_html

        return bool(parse_html(body, url).files)

    def _is_fresh(self, written: float, lifetime: float) -> bool:
        if self._offline:
            return True
        age = time.time() - written
        return not self._refresh and 0 <= age < lifetime  # a clock set back makes ages negative

    def _ask(self, url: str, known: Validators | None, *, must_exist: bool = False) -> Answer:
        from provenv.pypi.pages import ACCEPT

        fetcher = self._fetcher()
        accepted = {200, 304} if known else {200}
        if not must_exist:
            accepted |= ABSENT
            if fetcher.credentials.login(url) is None:
                accepted.add(403)  # what S3 says of what is not there, and so the PyTorch index
        conditions = known.conditions() if known else {}
        answer = fetcher.get(url, {"Accept": ACCEPT, **conditions}, accepted=frozenset(accepted))
        if answer.status == 403:
            self.notes.append(f"{redact(url)} answered 403 (forbidden): taken as 'no such project'")
        return answer


def _parsed(answer: Answer) -> Page:
    from provenv.pypi.pages import parse_page

    return parse_page(answer.body, answer.headers.get("content-type", ""), answer.url)


def _validators(answer: Answer) -> Validators:
    headers = answer.headers
    lifetime = lifetime_of(headers.get("cache-control"), answer.url)
    if answer.status != 200:
        lifetime = min(lifetime, LIFETIME)
    return Validators(lifetime, headers.get("etag"), headers.get("last-modified"))


def lifetime_of(cache_control: str | None, url: str) -> float:
    """For how many seconds a page may be taken as true without asking.

    What Cache-Control says; else `LIFETIME`, but none for an index on this machine, which is asked at no
    cost.
    """
    said = (cache_control or "").lower()
    if "no-store" in said or "no-cache" in said:
        return 0.0
    if match := re.search(r"max-age\s*=\s*\"?(\d{1,9})", said):
        return float(match[1])
    return 0.0 if is_loopback(url) else LIFETIME


def _flat_record(record: Record | None) -> tuple[Validators, Page] | None:
    match record.head if record else None:
        case (int(layout), tuple(validators), str(base), tuple(entries)) if layout == LAYOUT:
            return Validators(*validators), Page(entries, base)
    return None
