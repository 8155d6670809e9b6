"""The cache: what is kept comes back, and what was damaged does not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from provenv.pypi.cache import ABANDONED_AFTER, Cache

VALUE = ("numpy", 3, None, ("2.0", "1.26"), {"sha256": "ab"}, b"\x00\xff")


def the_record(folder: Path) -> Path:
    (path,) = [p for p in folder.rglob("*") if p.is_file()]
    return path


def test_what_was_put_is_got_by_another_process(tmp_path: Path) -> None:
    Cache(tmp_path).put("pages", "numpy", VALUE)
    script = f"""
from pathlib import Path
from provenv.pypi.cache import Cache
print(Cache(Path({str(tmp_path)!r})).get("pages", "numpy"))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == repr(VALUE)


def test_kinds_and_keys_are_apart(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("pages", "a", 1)
    assert cache.get("pages", "b") is None
    assert cache.get("metadata", "a") is None
    cache.put("pages", "a", 2)
    assert cache.get("pages", "a") == 2


def test_the_tail_comes_back_with_the_head(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.write("pages", "a", ("head",), [b"tail"])
    record = cache.read("pages", "a")
    assert record is not None
    assert (record.head, bytes(record.tail)) == (("head",), b"tail")
    assert abs(record.written - time.time()) < 60


def test_every_flipped_byte_before_the_tail_makes_a_miss(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("pages", "a", VALUE)
    path = the_record(tmp_path)
    good = path.read_bytes()
    for place in range(len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 0x41]) + good[place + 1 :])
        assert cache.get("pages", "a") is None, place
    path.write_bytes(good)
    assert cache.get("pages", "a") == VALUE


@pytest.mark.parametrize("keep", [0, 1, 10, 19, 20, 40, -1])
def test_a_record_cut_short_is_a_miss(tmp_path: Path, keep: int) -> None:
    cache = Cache(tmp_path)
    cache.write("pages", "a", VALUE, [b"tail"])
    path = the_record(tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    assert cache.get("pages", "a") is None


def test_a_record_in_the_place_of_another_is_a_miss(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("pages", "a", 1)
    stolen = the_record(tmp_path).read_bytes()
    cache.put("pages", "b", 2)
    for path in (p for p in tmp_path.rglob("*") if p.is_file()):
        path.write_bytes(stolen)
    assert (cache.get("pages", "a"), cache.get("pages", "b")) == (1, None)


def test_a_record_of_another_format_is_a_miss(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("pages", "a", 1)
    path = the_record(tmp_path)
    path.write_bytes(b"PROV" + path.read_bytes()[4:])
    assert cache.get("pages", "a") is None


def test_a_cache_that_cannot_be_written_says_so_once_and_breaks_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = Cache(tmp_path / "file")
    assert cache.note is None
    cache.put("pages", "a", 1)
    cache.put("pages", "b", 1)
    assert cache.get("pages", "a") is None
    assert cache.note is not None
    assert "can't be written" in cache.note


@pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT_FSIZE on Windows")
def test_a_full_disk_leaves_the_old_record_and_no_temporary_file(tmp_path: Path) -> None:
    Cache(tmp_path).put("pages", "a", "old")
    script = f"""
import resource, signal
from pathlib import Path
from provenv.pypi.cache import Cache
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
cache = Cache(Path({str(tmp_path)!r}))
cache.put("pages", "a", "x" * 100_000)
print(cache.get("pages", "a"), cache.note is not None)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["old", "True"]
    assert the_record(tmp_path).parent.name != "tmp"


def test_a_temporary_file_is_gone_at_the_end_of_its_block(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with pytest.raises(KeyboardInterrupt), cache.temporary() as path:
        path.write_text("half")
        raise KeyboardInterrupt
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_what_killed_processes_left_is_swept_after_a_day(tmp_path: Path) -> None:
    folder = tmp_path / "v1" / "tmp"
    old_file, old_folder, fresh = folder / "123-4-0", folder / "run-abc", folder / "123-4-1"
    old_folder.mkdir(parents=True)
    for path in (old_file, fresh, old_folder / "half.tar.gz"):
        path.write_text("half")
    for path in (old_file, old_folder):
        os.utime(path, (1, time.time() - ABANDONED_AFTER - 60))
    Cache(tmp_path).put("pages", "a", 1)
    assert [path.name for path in folder.iterdir()] == [fresh.name]


def test_size_and_clear_count_every_version_of_the_cache(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("pages", "a", 1)
    (tmp_path / "v0").mkdir()
    (tmp_path / "v0" / "old").write_bytes(b"12345")
    (tmp_path / "mine.txt").write_text("not the cache's")
    files, size = cache.size()
    assert files == 2
    assert cache.clear() == size
    assert cache.size() == (0, 0)
    assert (tmp_path / "mine.txt").exists()


def test_many_processes_write_and_read_one_record(tmp_path: Path) -> None:
    script = f"""
from pathlib import Path
from provenv.pypi.cache import Cache
cache = Cache(Path({str(tmp_path)!r}))
for round in range(200):
    cache.put("pages", "shared", ("x" * 5000, round))
    value = cache.get("pages", "shared")
    assert value[0] == "x" * 5000, value
"""
    running = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(4)]
    assert [process.wait() for process in running] == [0, 0, 0, 0]
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 1


def test_the_tail_of_a_long_record_is_read_part_by_part(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    tail = bytes(range(256)) * 1000
    cache.write("pages", "long", ("head",), [tail])
    record = cache.read("pages", "long")
    assert record is not None
    assert record.head == ("head",)
    assert (record.tail[0:3], record.tail[255_998:256_000]) == (tail[:3], tail[-2:])


def test_a_long_record_that_was_cut_short_is_a_miss(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.write("pages", "long", ("head",), [bytes(200_000)])
    (path,) = (p for p in cache.folder.rglob("*") if p.is_file())
    path.write_bytes(path.read_bytes()[:-1])
    assert cache.read("pages", "long") is None


def test_the_head_of_a_long_record_may_be_long_too(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    head = ("x" * 300_000,)
    cache.write("pages", "long", head, [b"tail" * 50_000])
    record = cache.read("pages", "long")
    assert record is not None
    assert (record.head, bytes(record.tail[0:4])) == (head, b"tail")


def test_a_tail_whose_record_has_gone_is_empty(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.write("pages", "long", ("head",), [bytes(200_000)])
    record = cache.read("pages", "long")
    cache.remove("pages", "long")
    assert record is not None
    assert record.tail[0:10] == b""
