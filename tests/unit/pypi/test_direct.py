"""Direct references: what each form of address turns into, and what contradicts it."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from provenv.errors import (
    BuildError,
    InputError,
    NetworkError,
    Origin,
    ProvenvError,
)
from provenv.pypi.cache import Cache
from provenv.pypi.direct import DirectCandidate, DirectResolver
from provenv.resolution import Direct
from provenv.standards.requirements import Requirement
from support.direct import ORIGIN, STATIC, asked, download, folder, nothing_needed, wheel
from support.distributions import make_archive, make_sdist, make_wheel, metadata_text
from support.git_server import GitServer, Repository
from support.index_server import TestIndex

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}.0"
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def resolver() -> Iterator[DirectResolver]:
    with DirectResolver(download=download, provision=nothing_needed) as opened:
        yield opened


@pytest.fixture
def index() -> Iterator[TestIndex]:
    with TestIndex() as opened:
        yield opened


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def requires(candidate: DirectCandidate) -> list[str]:
    return [str(requirement) for requirement in candidate.metadata.requires]


# --- files on this disk


@pytest.mark.parametrize("spelling", ["uri", "path", "relative", "relative-uri", "localhost"])
def test_a_wheel_on_this_disk(tmp_path: Path, resolver: DirectResolver, spelling: str) -> None:
    (tmp_path / "my wheels").mkdir()
    path = wheel(tmp_path / "my wheels")
    url = {
        "uri": path.as_uri(),
        "path": str(path),
        "relative": f"./my wheels/{path.name}",
        "relative-uri": f"file:my%20wheels/{path.name}",
        "localhost": path.as_uri().replace("file://", "file://localhost"),
    }[spelling]
    candidate = resolver.resolve(asked(url), python=PYTHON, base=tmp_path)
    assert (candidate.name, candidate.version) == ("pkg", "1.0")
    assert requires(candidate) == ["numpy>=2"]
    assert candidate.direct == Direct(url=path.as_uri())
    assert candidate.artifact is not None
    assert candidate.artifact.kind == "wheel"
    assert candidate.artifact.url == path.as_uri()
    assert candidate.artifact.local_path == str(path)
    assert candidate.artifact.tags == "py3-none-any"
    assert candidate.artifact.hashes == {"sha256": sha256(path)}
    assert candidate.artifact.size == path.stat().st_size


def test_an_sdist_that_says_all_statically_is_not_built(tmp_path: Path, resolver: DirectResolver) -> None:
    path = tmp_path / "pkg-1.0.tar.gz"
    files = {"tiny_backend.py": "raise SystemExit('this must not run')"}
    path.write_bytes(make_sdist("pkg", "1.0", requires=["numpy>=2"], files=files))
    candidate = resolver.resolve(asked(path.as_uri()), python=PYTHON)
    assert requires(candidate) == ["numpy>=2"]
    assert candidate.artifact is not None
    assert (candidate.artifact.kind, candidate.artifact.version) == ("sdist", "1.0")
    assert candidate.artifact.hashes == {"sha256": sha256(path)}


def test_an_sdist_that_says_it_by_a_build_is_built_once_and_with_its_pins(tmp_path: Path) -> None:
    path = tmp_path / "pkg-1.0.tar.gz"
    path.write_bytes(make_sdist("pkg", "1.0", requires=["numpy"], static=False, build_requires=["helper"]))
    calls: list[Sequence[str]] = []

    def provision(requirements: Sequence[str], prefix: Path) -> tuple[str, ...]:
        calls.append(requirements)
        return ("helper==1.0",)

    with DirectResolver(download=download, provision=provision) as resolver:
        candidates = [resolver.resolve(asked(path.as_uri()), python=PYTHON) for _ in range(2)]
    assert candidates[0] == candidates[1]
    assert candidates[0].metadata.build_requires == ("helper==1.0",)
    assert len(calls) == 1


def test_the_version_is_in_normal_form(tmp_path: Path, resolver: DirectResolver) -> None:
    path = wheel(tmp_path, version="1.0rc1", filename="pkg-1.0rc1-py3-none-any.whl")
    path.write_bytes(make_wheel("pkg", "1.0rc1", metadata_text("pkg", "1.0-RC.1")))
    assert resolver.resolve(asked(path.as_uri()), python=PYTHON).version == "1.0rc1"


def test_an_unnamed_reference_finds_its_name(tmp_path: Path, resolver: DirectResolver) -> None:
    url = wheel(tmp_path).as_uri()
    assert resolver.resolve(asked(url, name=""), python=PYTHON).name == "pkg"
    assert resolver.resolve(asked(f"{url}#egg=PKG[extra]", name=""), python=PYTHON).name == "pkg"


# --- folders


@pytest.mark.parametrize("editable", [False, True])
def test_a_folder_with_a_static_project_is_not_built(
    tmp_path: Path, resolver: DirectResolver, editable: bool
) -> None:
    place = folder(tmp_path / "pkg")
    candidate = resolver.resolve(asked(place.as_uri(), editable=editable), python=PYTHON)
    assert requires(candidate) == ["numpy>=2"]
    assert candidate.artifact is None
    assert candidate.direct == Direct(url=place.as_uri(), folder=True, editable=editable)


def test_a_folder_of_a_folder(tmp_path: Path, resolver: DirectResolver) -> None:
    folder(tmp_path / "mono" / "python" / "pkg")
    url = (tmp_path / "mono").as_uri() + "#subdirectory=python/pkg"
    candidate = resolver.resolve(asked(url), python=PYTHON)
    assert candidate.direct == Direct(
        url=(tmp_path / "mono").as_uri(), folder=True, subdirectory="python/pkg"
    )


def test_a_folder_with_a_dynamic_project_is_built_as_it_is_now(
    tmp_path: Path, resolver: DirectResolver
) -> None:
    from support.distributions import BACKEND

    place = folder(
        tmp_path / "pkg",
        '[build-system]\nrequires = []\nbuild-backend = "tiny_backend"\nbackend-path = ["."]\n',
    )
    (place / "tiny_backend.py").write_text(BACKEND)
    (place / "PKG-INFO").write_text(metadata_text("pkg", "2.0", requires=["tqdm"]))
    assert requires(resolver.resolve(asked(place.as_uri()), python=PYTHON)) == ["tqdm"]


def test_two_dynamic_projects_of_one_archive_are_two(tmp_path: Path, resolver: DirectResolver) -> None:
    from support.distributions import BACKEND

    pyproject = '[build-system]\nrequires = []\nbuild-backend = "tiny_backend"\nbackend-path = ["."]\n'
    files = {}
    for name in ("one", "two"):
        files[f"{name}/pyproject.toml"] = pyproject
        files[f"{name}/tiny_backend.py"] = BACKEND
        files[f"{name}/PKG-INFO"] = metadata_text(name, "1.0")
    (tmp_path / "mono.tar.gz").write_bytes(make_archive("mono-1", files))
    url = (tmp_path / "mono.tar.gz").as_uri()
    for name in ("one", "two"):
        found = resolver.resolve(asked(f"{url}#subdirectory={name}", name=name), python=PYTHON)
        assert found.direct == Direct(url=url, subdirectory=name)


def test_a_folder_that_is_no_project_says_so(tmp_path: Path, resolver: DirectResolver) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BuildError, match="not a Python project") as caught:
        resolver.resolve(asked((tmp_path / "empty").as_uri()), python=PYTHON)
    assert caught.value.origin == ORIGIN


# --- the network


def test_a_wheel_on_the_network(index: TestIndex, resolver: DirectResolver) -> None:
    [file] = index.add("pkg", "1.0+cpu", requires=["numpy>=2"], tags=["cp312-cp312-linux_x86_64"])
    url = index.file_url(file.filename)
    candidate = resolver.resolve(asked(url), python=PYTHON)
    assert (candidate.version, requires(candidate)) == ("1.0+cpu", ["numpy>=2"])
    assert candidate.direct == Direct(url=url)
    assert candidate.artifact is not None
    assert candidate.artifact.filename == "pkg-1.0+cpu-cp312-cp312-linux_x86_64.whl"
    assert candidate.artifact.url == url
    assert candidate.artifact.tags == "cp312-cp312-linux_x86_64"
    assert candidate.artifact.hashes == {"sha256": hashlib.sha256(file.content).hexdigest()}
    assert candidate.artifact.size == len(file.content)


def test_an_archive_whose_name_says_nothing(index: TestIndex, resolver: DirectResolver) -> None:
    content = make_archive("pkg-main", {"py/pyproject.toml": STATIC})
    index.pages["/o/r/tar.gz/main"] = ("application/octet-stream", content)
    candidate = resolver.resolve(asked(f"{index.base}/o/r/tar.gz/main#subdirectory=py"), python=PYTHON)
    assert requires(candidate) == ["numpy>=2"]
    assert candidate.direct == Direct(url=f"{index.base}/o/r/tar.gz/main", subdirectory="py")
    assert candidate.artifact is not None
    assert candidate.artifact.size == len(content)


def test_credentials_are_used_and_not_kept(tmp_path: Path) -> None:
    content = wheel(tmp_path).read_bytes()
    asked_for: list[str] = []

    def fetch(url: str, to: Path) -> None:
        asked_for.append(url)
        to.write_bytes(content)

    url = "https://me:secret@host.example/pkg-1.0-py3-none-any.whl"
    with DirectResolver(download=fetch, provision=nothing_needed) as resolver:
        candidate = resolver.resolve(asked(url), python=PYTHON)
        with pytest.raises(InputError) as caught:
            resolver.resolve(asked(url, name="other"), python=PYTHON)
    assert asked_for == [url]
    assert candidate.direct.url == "https://host.example/pkg-1.0-py3-none-any.whl"
    assert "secret" not in repr(candidate)
    assert "secret" not in str(caught.value)


def test_a_file_with_its_hash_is_fetched_once_in_the_life_of_a_cache(
    index: TestIndex, tmp_path: Path
) -> None:
    cache = Cache(tmp_path / "cache")
    index.add("pkg", "1.0", requires=["numpy>=2"], sdist=True)
    index.add("dyn", "1.0", requires=["tqdm"], tags=(), sdist=True, static=False)
    urls = [
        f"{index.file_url(file.filename)}#sha256={hashlib.sha256(file.content).hexdigest()}"
        for file in [*index.projects["pkg"], *index.projects["dyn"]]
    ]

    def once() -> list[DirectCandidate]:
        with DirectResolver(download=download, provision=nothing_needed, records=cache) as resolver:
            return [resolver.resolve(asked(url, name=""), python=PYTHON) for url in urls]

    first = once()
    assert len(index.log) == 3
    assert once() == first
    assert len(index.log) == 3


def test_a_file_without_a_hash_may_change_and_is_fetched_again(index: TestIndex, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    [file] = index.add("pkg", "1.0")
    for expected in (1, 2):
        with DirectResolver(download=download, provision=nothing_needed, records=cache) as resolver:
            resolver.resolve(asked(index.file_url(file.filename)), python=PYTHON)
        assert len(index.log) == expected


def test_a_file_that_is_not_there_is_the_downloads_error_at_its_place(
    index: TestIndex, resolver: DirectResolver
) -> None:
    with pytest.raises(NetworkError, match="can't be fetched") as caught:
        resolver.resolve(asked(f"{index.base}/files/pkg-1.0-py3-none-any.whl"), python=PYTHON)
    assert caught.value.origin == ORIGIN


# --- git


@needs_git
def test_a_commit_in_git(tmp_path: Path, own_temporary_folder: Path) -> None:
    repository = Repository(tmp_path / "pkg.git")
    commit = repository.commit({"bindings/pyproject.toml": STATIC})
    repository.git("tag", "v1.0")
    url = f"git+{repository.url}@v1.0#subdirectory=bindings&egg=pkg"
    with DirectResolver(download=download, provision=nothing_needed) as resolver:
        candidate = resolver.resolve(asked(url), python=PYTHON)
    assert requires(candidate) == ["numpy>=2"]
    assert candidate.artifact is None
    assert candidate.direct == Direct(
        url=repository.url, vcs="git", revision="v1.0", commit=commit, subdirectory="bindings"
    )
    assert list(own_temporary_folder.iterdir()) == []


@needs_git
def test_an_editable_checkout_is_locked_at_its_commit(tmp_path: Path, resolver: DirectResolver) -> None:
    repository = Repository(tmp_path / "pkg.git")
    commit = repository.commit({"pyproject.toml": STATIC})
    candidate = resolver.resolve(asked(f"git+{repository.url}", editable=True), python=PYTHON)
    assert candidate.direct == Direct(url=repository.url, vcs="git", commit=commit)


@needs_git
def test_an_abbreviated_commit_is_locked_in_full(tmp_path: Path, resolver: DirectResolver) -> None:
    repository = Repository(tmp_path / "pkg.git")
    commit = repository.commit({"pyproject.toml": STATIC})
    repository.commit({"pyproject.toml": "[project]\n"})
    candidate = resolver.resolve(asked(f"git+{repository.url}@{commit[:9]}"), python=PYTHON)
    assert (candidate.direct.commit, candidate.direct.revision) == (commit, commit[:9])


@needs_git
def test_a_commit_that_a_lock_holds_is_kept_when_its_branch_moves(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "pkg.git")
    old = repository.commit({"pyproject.toml": STATIC})
    new = repository.commit({"pyproject.toml": STATIC.replace("1.0", "2.0")})
    found = {}
    for locked in ({}, {(repository.url, "main"): old}):
        with DirectResolver(download=download, provision=nothing_needed, locked=locked) as resolver:
            candidate = resolver.resolve(asked(f"git+{repository.url}@main"), python=PYTHON)
        found[candidate.direct.commit] = candidate.version
    assert found == {new: "2.0", old: "1.0"}


@needs_git
def test_what_a_commit_says_is_remembered_without_asking_its_server(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "srv" / "pkg.git")
    commit = repository.commit({"pyproject.toml": STATIC})
    cache = Cache(tmp_path / "cache")
    with GitServer(tmp_path / "srv") as server:

        def once() -> DirectCandidate:
            with DirectResolver(download=download, provision=nothing_needed, records=cache) as resolver:
                return resolver.resolve(asked(f"git+{server.url}/pkg.git@{commit}"), python=PYTHON)

        first = once()
        count = len(server.requests)
        assert count > 0
        assert once() == first
        assert len(server.requests) == count


@needs_git
def test_credentials_of_a_repository_are_used_and_not_kept(tmp_path: Path, resolver: DirectResolver) -> None:
    repository = Repository(tmp_path / "srv" / "pkg.git")
    repository.commit({"pyproject.toml": STATIC})
    with GitServer(tmp_path / "srv", login=("me", "secret")) as server:
        url = f"git+http://me:secret@{server.host}/pkg.git@main"
        candidate = resolver.resolve(asked(url), python=PYTHON)
        assert candidate.direct.url == f"{server.url}/pkg.git"
        assert "secret" not in repr(candidate)
        with pytest.raises(ProvenvError) as caught:
            resolver.resolve(asked(f"{url}9"), python=PYTHON)
        assert "secret" not in str(caught.value)


# --- consent


@pytest.mark.parametrize("form", ["folder", "sdist", "git"])
def test_what_a_package_refers_to_is_built_only_where_the_manifest_allows_it(
    tmp_path: Path, form: str
) -> None:
    if form == "git" and shutil.which("git") is None:
        pytest.skip("needs git")
    make: dict[str, Callable[[], str]] = {
        "folder": lambda: folder(tmp_path / "pkg").as_uri(),
        "sdist": lambda: sdist(tmp_path).as_uri(),
        "git": lambda: committed(tmp_path),
    }
    requirement = Requirement("pkg", url=make[form]())
    with (
        DirectResolver(download=download, provision=nothing_needed) as resolver,
        pytest.raises(BuildError, match="which the manifest does not allow") as caught,
    ):
        resolver.resolve(requirement, python=PYTHON, origin=Origin("other 1.0"))
    assert 'build = ["pkg"]' in caught.value.hints[0]
    assert caught.value.origin == Origin("other 1.0")
    with DirectResolver(
        download=download, provision=nothing_needed, may_build=lambda name: name == "pkg"
    ) as resolver:
        assert resolver.resolve(requirement, python=PYTHON).version == "1.0"


def sdist(folder: Path) -> Path:
    path = folder / "pkg-1.0.tar.gz"
    path.write_bytes(make_sdist("pkg", "1.0"))
    return path


def committed(folder: Path) -> str:
    repository = Repository(folder / "pkg.git")
    repository.commit({"pyproject.toml": STATIC})
    return f"git+{repository.url}"


def test_a_wheel_that_a_package_refers_to_needs_no_consent(tmp_path: Path, resolver: DirectResolver) -> None:
    requirement = Requirement("pkg", url=wheel(tmp_path).as_uri())
    assert resolver.resolve(requirement, python=PYTHON).version == "1.0"


def test_a_requirement_without_an_address_is_refused(resolver: DirectResolver) -> None:
    with pytest.raises(InputError, match="not a direct reference"):
        resolver.resolve(Requirement("pkg", specifier=">=1"), python=PYTHON)
