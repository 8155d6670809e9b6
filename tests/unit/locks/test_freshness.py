"""What makes a lock stale, in words; and what does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from provenv.errors import Origin
from provenv.hooks.types import Envelope
from provenv.locks import pylock, reader
from provenv.locks.freshness import freshness
from provenv.locks.inputs import lock_inputs
from provenv.manifest.values import FileRule, Index, Manifest, ManifestRequirement, Pin
from provenv.standards.requirements import Requirement
from provenv.targets import Target
from support.locking import TARGET, resolution

CORP = Origin("p.toml", 9)


def asked(name: str, specifier: str = "", *, line: int = 1, **options: object) -> ManifestRequirement:
    marker, url = options.pop("marker", None), options.pop("url", None)
    requirement = Requirement(name, (), specifier, marker, url)  # type: ignore[arg-type]  # passed on as they are
    return ManifestRequirement(requirement, str(requirement), Origin("pyproject.toml", line), **options)  # type: ignore[arg-type]  # passed on as they are


def manifest(folder: Path, *requirements: ManifestRequirement, **options: object) -> Manifest:
    return Manifest(folder / "pyproject.toml", "pyproject", "p", None, requirements, (), (), **options)  # type: ignore[arg-type]  # passed on as they are


def lock_of(given: Manifest, target: Target = TARGET) -> reader.Lock:
    folder = given.path.parent / "lockfiles"
    text = pylock.render(resolution(target=target), lock_inputs(given, target), folder)
    return reader.parse(text.encode(), folder / "pylock.x.toml")


def reasons(
    old: Manifest, new: Manifest, old_target: Target = TARGET, new_target: Target = TARGET
) -> tuple[str, ...]:
    answer = freshness(lock_of(old, old_target), lock_inputs(new, new_target))
    assert answer.fresh == (not answer.reasons)
    return answer.reasons


def test_an_unchanged_manifest_is_fresh(tmp_path: Path) -> None:
    given = manifest(
        tmp_path,
        asked("numpy", "<2", marker="sys_platform == 'linux'", hashes=("sha256:ab",)),
        constraints=(asked("pandas", "<3"),),
        indexes=(Index("corp", "https://u:p@corp.example/simple/", packages=("corp-*",)),),
        exclude_newer="2026-11-01T00:00:00Z",
    )
    assert reasons(given, given) == ()


def test_a_missing_lock_is_stale() -> None:
    assert freshness(None, lock_inputs(manifest(Path("/p")), TARGET)).reasons == ("there is no lock yet",)


def test_moved_lines_and_another_order_leave_it_fresh(tmp_path: Path) -> None:
    old = manifest(tmp_path, asked("a", line=1), asked("b", line=2))
    new = manifest(tmp_path, asked("b", line=11), asked("a", line=12), asked("a", line=13))
    assert reasons(old, new) == ()


def test_changed_requirements_are_named_with_their_place(tmp_path: Path) -> None:
    old = manifest(tmp_path, asked("numpy"), asked("pandas"))
    new = manifest(tmp_path, asked("numpy", "<2", line=12))
    assert reasons(old, new) == ("+ numpy<2 (pyproject.toml:12)", "- numpy", "- pandas")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"constraints": (asked("n", "<3", line=4),)}, ("+ constraint n<3 (pyproject.toml:4)",)),
        ({"overrides": (asked("n", "==3", line=4),)}, ("+ override n==3 (pyproject.toml:4)",)),
        ({"excluded_dependencies": ("n",)}, ("+ excluded n",)),
        (
            {"indexes": (Index("c", "https://c.example", ("x-*",), default=True, origin=CORP),)},
            ("+ index https://c.example (only x-*, default) (p.toml:9)",),
        ),
        ({"pins": (Pin("torch", "https://c.example", "os_name == 'nt'"),)},
         ("+ pin torch from https://c.example ; os_name == 'nt'",)),
        ({"build": FileRule(names=frozenset({"b", "a"}))}, ("build (none) -> a, b",)),
        ({"only_binary": FileRule(everything=True)}, ("only-binary (none) -> :all:",)),
        ({"exclude_newer": "2026-11-01T00:00:00Z"}, ("exclude-newer (none) -> 2026-11-01T00:00:00Z",)),
        ({"exclude_newer_package": (("torch", None),)}, ("exclude-newer of torch (none) -> lifted",)),
        ({"prerelease": "allow"}, ("prerelease (none) -> allow",)),
        ({"no_index": True}, ("no-index (none) -> true",)),
    ],
)  # fmt: skip
def test_every_input_counts(tmp_path: Path, options: dict[str, object], expected: tuple[str, ...]) -> None:
    assert reasons(manifest(tmp_path), manifest(tmp_path, **options)) == expected


def test_the_order_of_indexes_counts(tmp_path: Path) -> None:
    first, second = Index("a", "https://a.example"), Index("b", "https://b.example")
    old, new = (manifest(tmp_path, indexes=both) for both in ((first, second), (second, first)))
    assert reasons(old, new) == ("index: another order",)


def test_a_changed_target_is_told_word_by_word(tmp_path: Path) -> None:
    given = manifest(tmp_path)
    old = replace(TARGET, accelerator="cuda", envelope=Envelope.of({"driver": "535"}))
    new = replace(old, python="3.12.0", envelope=Envelope.of({"driver": "550", "glibc": "2.28"}))
    assert reasons(given, given, old, new) == (
        "python 3.11.0 -> 3.12.0",
        "driver 535 -> 550",
        "glibc (none) -> 2.28",
    )


def test_only_the_groups_and_extras_of_the_target_count(tmp_path: Path) -> None:
    target = replace(TARGET, groups=("train",))
    old = manifest(tmp_path, asked("a", group="train"), asked("b", group="docs"), asked("c", extra="x"))
    new = manifest(tmp_path, asked("a", group="train"), asked("d", group="docs"))
    assert reasons(old, new, target, target) == ()
    newer = manifest(tmp_path, asked("e", group="train", line=3))
    assert reasons(old, newer, target, target) == ("+ e (pyproject.toml:3)", "- a")


def test_a_required_project_on_disk_counts_by_what_it_says(tmp_path: Path) -> None:
    library = tmp_path / "libs" / "mine"
    library.mkdir(parents=True)
    (library / "pyproject.toml").write_text('[project]\nname = "mine"\n')
    given = manifest(tmp_path, asked("mine", url=library.as_uri(), editable=True))
    lock = lock_of(given)
    assert lock.inputs.requirements == ("-e mine @ ./libs/mine",)
    (library / "code.py").write_text("x = 1\n")
    assert freshness(lock, lock_inputs(given, TARGET)).fresh
    (library / "pyproject.toml").write_text('[project]\nname = "mine"\ndependencies = ["numpy"]\n')
    assert freshness(lock, lock_inputs(given, TARGET)).reasons == ("./libs/mine has changed",)


SETUPTOOLS = '[tool.setuptools.dynamic]\ndependencies = {file = ["needs/base.in"]}\n'
NAMING = {
    "setuptools' dynamic": ("pyproject.toml", SETUPTOOLS),
    "hatch's hook": (
        "pyproject.toml",
        '[tool.hatch.metadata.hooks.requirements_txt]\nfiles = ["needs/base.in"]\n',
    ),
    "setup.cfg": ("setup.cfg", "[options]\ninstall_requires = file: needs/base.in\n"),
    "setup.py": ("setup.py", "setup(install_requires=open('needs/base.in').read().split())\n"),
}


@pytest.mark.parametrize("way", NAMING)
def test_a_requirements_file_that_a_project_on_disk_names_counts_too(tmp_path: Path, way: str) -> None:
    file, text = NAMING[way]
    (tmp_path / "lib" / "needs").mkdir(parents=True)
    (tmp_path / "lib" / file).write_text(text)
    given = manifest(tmp_path, asked("lib", url=(tmp_path / "lib").as_uri()))
    (tmp_path / "lib" / "needs" / "base.in").write_text("numpy<2\n")
    lock = lock_of(given)
    assert freshness(lock, lock_inputs(given, TARGET)).fresh
    (tmp_path / "lib" / "needs" / "base.in").write_text("numpy<3\n")
    assert freshness(lock, lock_inputs(given, TARGET)).reasons == ("./lib has changed",)
    (tmp_path / "lib" / "needs" / "base.in").unlink()
    assert freshness(lock, lock_inputs(given, TARGET)).reasons == ("./lib has changed",)


def test_the_prose_of_a_project_on_disk_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "pyproject.toml").write_text(
        '[project]\nname = "lib"\nlicense = {file = "LICENSE.txt"}\nreadme = "docs/README.txt"\n'
    )
    given = manifest(tmp_path, asked("lib", url=(tmp_path / "lib").as_uri()))
    lock = lock_of(given)
    (tmp_path / "lib" / "LICENSE.txt").write_text("free\n")
    assert freshness(lock, lock_inputs(given, TARGET)).fresh


def test_a_copy_of_the_project_elsewhere_is_as_fresh(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "libs").mkdir(parents=True)
    old, new = (
        manifest(
            tmp_path / name,
            asked("mine", url=(tmp_path / name / "libs").as_uri()),
            indexes=(Index("w", (tmp_path / name / "wheels").as_uri(), flat=True),),
        )
        for name in ("one", "two")
    )
    assert reasons(old, new) == ()


def test_no_secret_is_in_the_inputs(tmp_path: Path) -> None:
    given = manifest(
        tmp_path,
        asked("g", url="git+https://bob:hunter2@git.example/g@main"),
        indexes=(Index("c", "https://bob:hunter2@corp.example/simple"),),
        pins=(Pin("torch", "https://bob:hunter2@corp.example/simple"),),
    )
    assert "hunter2" not in repr(lock_inputs(given, TARGET))


def test_a_lock_whose_digest_alone_differs_is_stale(tmp_path: Path) -> None:
    given = manifest(tmp_path)
    lock = replace(lock_of(given), digest="sha256:0")
    assert freshness(lock, lock_inputs(given, TARGET)).reasons == (
        "it was written by another version of provenv",
    )
