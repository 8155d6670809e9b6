"""Every file of fifty large projects on the default index, read as `packaging` reads it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from packaging import tags as reference_tags
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version
from pypi_simple import DistributionPackage, NoSuchProjectError, PyPISimple

from provenv.standards.filenames import InvalidFilename, parse_sdist, parse_wheel
from provenv.standards.specifiers import VersionTable, mask, python_allows
from provenv.standards.tags import compatible_tags, wheel_rank
from provenv.standards.versions import is_prerelease, sort_key

pytestmark = pytest.mark.e2e

PROJECTS = [
    *("aiohttp", "airflow", "apache-airflow", "azure-core", "black", "boto3", "celery", "certifi"),
    *("cffi", "charset-normalizer", "click", "cryptography", "dask", "django", "fastapi", "flask"),
    *("google-cloud-storage", "grpcio", "jax", "jinja2", "kubernetes", "lxml", "matplotlib", "mypy"),
    *("numpy", "opencv-python", "pandas", "pillow", "pip", "protobuf", "psutil", "psycopg2", "pyarrow"),
    *("pydantic", "pydantic-core", "pytest", "python-dateutil", "pyyaml", "requests", "ruff"),
    *("scikit-learn", "scipy", "setuptools", "sqlalchemy", "tensorflow", "torch", "transformers"),
    *("twisted", "urllib3", "zope-interface"),
]

PLATFORMS = {
    "linux": ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "linux_x86_64"),
    "darwin": tuple(reference_tags.mac_platforms((14, 0), "arm64")),
    "win32": ("win_amd64",),
}


@pytest.fixture(scope="module")
def index() -> Iterator[PyPISimple]:
    with PyPISimple() as client:
        try:
            client.get_project_page("six", timeout=10)
        except requests.RequestException as error:
            pytest.skip(f"the default index can't be reached: {type(error).__name__}")
        yield client


@pytest.fixture(scope="module")
def pages() -> dict[str, list[DistributionPackage]]:
    return {}


@pytest.fixture
def files(
    index: PyPISimple, pages: dict[str, list[DistributionPackage]], project: str
) -> list[DistributionPackage]:
    if project not in pages:
        try:
            pages[project] = index.get_project_page(project, timeout=30).packages
        except NoSuchProjectError:
            pytest.skip(f"the default index has no {project}")
    return pages[project]


def reference_wheel(filename: str) -> tuple[object, ...] | None:
    try:
        name, version, build, tags = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        return None
    return name, str(version), build, frozenset(map(str, tags))


def our_wheel(filename: str) -> tuple[object, ...] | None:
    try:
        wheel = parse_wheel(filename)
    except InvalidFilename:
        return None
    if wheel is None:
        return None
    interpreters, abis, platforms = (part.split(".") for part in wheel.tags.lower().split("-"))
    tags = frozenset(f"{i}-{a}-{p}" for i in interpreters for a in abis for p in platforms)
    return wheel.name, wheel.version, wheel.build, tags


def reference_sdist(filename: str, project: str) -> str | None:
    try:
        name, version = parse_sdist_filename(filename)
    except InvalidSdistFilename:
        return None
    return str(version) if name == canonicalize_name(project) else None


def our_sdist(filename: str, project: str) -> str | None:
    try:
        return parse_sdist(filename, project).version
    except InvalidFilename:
        return None


@pytest.mark.parametrize("project", PROJECTS)
def test_every_file_name_is_read_as_the_reference_reads_it(
    project: str, files: list[DistributionPackage]
) -> None:
    assert files
    for filename in (file.filename for file in files):
        if filename.endswith(".whl"):
            assert our_wheel(filename) == reference_wheel(filename), filename
        elif (expected := reference_sdist(filename, project)) is not None:
            assert our_sdist(filename, project) == expected
        elif (version := our_sdist(filename, project)) is not None:
            # The reference parts `foo-1.0-rc1.tar.gz` at the last dash; the project's name tells better.
            stem = filename.removesuffix(".tar.gz").removesuffix(".zip")
            assert version == str(Version(stem[len(project) + 1 :]))


@pytest.mark.parametrize("project", PROJECTS)
def test_every_version_is_ordered_and_masked_as_the_reference_does(
    project: str, files: list[DistributionPackage]
) -> None:
    names = [wheel for file in files if (wheel := our_wheel(file.filename))]
    texts = sorted({str(version) for _, version, _, _ in names}, key=sort_key, reverse=True)
    assert texts == sorted(texts, key=Version, reverse=True)
    assert [is_prerelease(sort_key(text)) for text in texts] == [Version(t).is_prerelease for t in texts]
    table = VersionTable(texts)
    for bound in texts[:: max(1, len(texts) // 5)]:
        clauses = [
            f"{operator}{bound}" for operator in ("==", "!=", "<=", ">=", "<", ">") if "+" not in bound
        ]
        for clause in [*clauses, f"~={Version(bound).base_version}.0", f"=={Version(bound).major}.*"]:
            inside = [
                i for i, text in enumerate(texts) if SpecifierSet(clause).contains(text, prereleases=True)
            ]
            assert mask(clause, table) == sum(1 << i for i in inside), clause


@pytest.mark.parametrize("project", PROJECTS)
def test_every_wheel_is_ranked_as_the_reference_ranks_it(
    project: str, files: list[DistributionPackage]
) -> None:
    wheels = [file.filename for file in files if our_wheel(file.filename)]
    for platforms in PLATFORMS.values():
        order = [
            *reference_tags.cpython_tags((3, 12), ["cp312"], platforms),
            *reference_tags.compatible_tags((3, 12), "cp312", platforms),
        ]
        ranks = {str(tag): rank for rank, tag in enumerate(dict.fromkeys(order))}
        table = compatible_tags("3.12.4", platforms)
        for filename in wheels:
            *_, tags = parse_wheel_filename(filename)
            expected = min((ranks[str(tag)] for tag in tags if str(tag) in ranks), default=None)
            assert wheel_rank("-".join(filename[:-4].split("-")[-3:]), table) == expected, filename


@pytest.mark.parametrize("project", PROJECTS)
def test_every_requires_python_is_read_as_the_reference_reads_it(
    project: str, files: list[DistributionPackage]
) -> None:
    for text in {file.requires_python for file in files if file.requires_python}:
        for python in ("2.7.18", "3.6.15", "3.9.0", "3.12.4", "4.0.0"):
            try:
                expected = SpecifierSet(text).contains(python, prereleases=True)
            except InvalidSpecifier:
                assert python_allows(text, python) in (True, False)
            else:
                assert python_allows(text, python) is expected, text
