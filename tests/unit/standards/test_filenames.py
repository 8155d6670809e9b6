"""File names of wheels and source distributions, as examples and against `packaging.utils`."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from packaging.tags import parse_tag
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from provenv.standards.filenames import (
    InvalidFilename,
    SdistName,
    WheelName,
    parse_sdist,
    parse_variants_json,
    parse_wheel,
    split_variant,
)

from .strategies import versions


@pytest.mark.parametrize(
    ("filename", "wheel"),
    [
        ("numpy-2.1.0-cp312-cp312-win_amd64.whl", WheelName("numpy", "2.1.0", (), "cp312-cp312-win_amd64")),
        ("six-1.17.0-py2.py3-none-any.whl", WheelName("six", "1.17.0", (), "py2.py3-none-any")),
        ("zope.interface-5.4-cp39-abi3-any.whl", WheelName("zope-interface", "5.4", (), "cp39-abi3-any")),
        ("Foo_Bar-1.0-2b-py3-none-any.whl", WheelName("foo-bar", "1.0", (2, "b"), "py3-none-any")),
        ("foo-1.0-2_local.3-py3-none-any.whl", WheelName("foo", "1.0", (2, "_local.3"), "py3-none-any")),
        ("torch-2.7.1+cu128-cp312-cp312-any.whl", WheelName("torch", "2.7.1+cu128", (), "cp312-cp312-any")),
        ("foo-1.0.RC1-py3-none-any.whl", WheelName("foo", "1.0rc1", (), "py3-none-any")),
        ("foo-1!2.0-py3-none-any.whl", WheelName("foo", "1!2.0", (), "py3-none-any")),
    ],
)
def test_a_wheel_name_has_these_parts(filename: str, wheel: WheelName) -> None:
    assert parse_wheel(filename) == wheel


@pytest.mark.parametrize(
    "filename",
    [
        *("foo-1.0-py3-none-any.zip", "foo-1.0-py3-none.whl", "foo-1.0-1-2-3-py3-none-any.whl"),
        *("foo__bar-1.0-py3-none-any.whl", "-1.0-py3-none-any.whl", "foo-x-py3-none-any.whl"),
        *("foo-1.0-bad-py3-none-any.whl", "foo-1.0--none-any.whl", "foo-1.0-py3.-none-any.whl"),
        *(
            "foo-1.0-3py-none-any.whl",
            "foo-1.0_cu118-py3-none-any.whl",
            "fo!o-1.0-py3-none-any.whl",
            f"foo-1.0-{'1' * 5000}-py3-none-any.whl",
            ".whl",
            "",
        ),
    ],
)
def test_a_wrong_wheel_name_is_refused_with_a_reason(filename: str) -> None:
    with pytest.raises(InvalidFilename) as raised:
        parse_wheel(filename)
    assert raised.value.filename == filename
    assert raised.value.reason


@pytest.mark.parametrize(
    "filename",
    [
        "numpy-2.3-cp313-cp313-linux_x86_64-x86_64_v3.whl",
        "torch-2.9-2-cp313-cp313-win_amd64-cu130.whl",
        "foo-1.0-py2.py3-none-any-null.whl",
        "foo-1.0-py3-none-any-0fa1b2c3.whl",
    ],
)
def test_a_wheel_variant_is_left_alone(filename: str) -> None:
    assert parse_wheel(filename) is None


@pytest.mark.parametrize(
    ("filename", "plain", "label"),
    [
        (
            "numpy-2.3-cp313-cp313-linux_x86_64-x86_64_v3.whl",
            "numpy-2.3-cp313-cp313-linux_x86_64.whl",
            "x86_64_v3",
        ),
        ("torch-2.9-2-cp313-cp313-win_amd64-cu13.0.whl", "torch-2.9-2-cp313-cp313-win_amd64.whl", "cu13.0"),
        ("foo-1.0-py3-none-any-null.whl", "foo-1.0-py3-none-any.whl", "null"),
        # PEP 825 took PEP 817's limit of 16 characters back
        (
            "foo-1.0-py3-none-any-a_label_of_many_letters.whl",
            "foo-1.0-py3-none-any.whl",
            "a_label_of_many_letters",
        ),
        ("foo-1.0-py3-none-any.whl", "foo-1.0-py3-none-any.whl", ""),
        ("foo-1.0-1-py3-none-any.whl", "foo-1.0-1-py3-none-any.whl", ""),
        ("foo-1.0-py3-none-any-Upper.whl", "foo-1.0-py3-none-any-Upper.whl", ""),
        ("foo-1.0.tar.gz", "foo-1.0.tar.gz", ""),
    ],
)
def test_a_variant_s_name_is_parted_from_its_label(filename: str, plain: str, label: str) -> None:
    assert split_variant(filename) == (plain, label)


@pytest.mark.parametrize(
    ("filename", "whose"),
    [
        ("foo-1.0-variants.json", SdistName("foo", "1.0")),
        ("Foo_bar-1.0.0+cu128-variants.json", SdistName("foo-bar", "1.0.0+cu128")),
        ("foo-1.0rc1-variants.json", SdistName("foo", "1.0rc1")),
    ],
)
def test_a_variants_json_says_whose_it_is(filename: str, whose: SdistName) -> None:
    assert parse_variants_json(filename) == whose


@pytest.mark.parametrize(
    "filename",
    [
        "foo-1.0.json",
        "foo-variants.json",
        "-1.0-variants.json",
        "foo-one-variants.json",
        "foo-1-2-3-variants.json",
    ],
)
def test_a_wrong_variants_json_is_refused(filename: str) -> None:
    with pytest.raises(InvalidFilename):
        parse_variants_json(filename)


@pytest.mark.parametrize(
    ("filename", "project", "sdist"),
    [
        ("requests-2.32.0.tar.gz", "requests", SdistName("requests", "2.32.0")),
        ("python-dateutil-2.8.2.tar.gz", "python-dateutil", SdistName("python-dateutil", "2.8.2")),
        (
            "python_dateutil-2.9.0.post0.tar.gz",
            "python-dateutil",
            SdistName("python-dateutil", "2.9.0.post0"),
        ),
        ("Zope.Interface-5.4.0.zip", "zope_interface", SdistName("zope-interface", "5.4.0")),
        ("foo-1.0-1.tar.gz", "foo", SdistName("foo", "1.0.post1")),
        ("foo-2-1.0.tar.gz", "foo-2", SdistName("foo-2", "1.0")),
        ("foo-2-1.0.tar.gz", None, SdistName("foo-2", "1.0")),
        ("foo-1.0-beta-2.tar.gz", "foo", SdistName("foo", "1.0b2")),
    ],
)
def test_the_project_tells_where_a_source_name_parts(
    filename: str, project: str | None, sdist: SdistName
) -> None:
    assert parse_sdist(filename, project) == sdist


@pytest.mark.parametrize(
    ("filename", "project"),
    [
        ("foo-1.0.tar.bz2", "foo"),
        ("foo-1.0.tar.gz", "bar"),
        ("foo-bar-1.0.tar.gz", "foo"),
        ("foo.tar.gz", "foo"),
        ("foo-.tar.gz", "foo"),
        ("foo-1.0-linux.tar.gz", "foo"),
        ("foo.tar.gz", None),
        ("-1.0.tar.gz", None),
        (".zip", None),
    ],
)
def test_a_wrong_source_name_is_refused(filename: str, project: str | None) -> None:
    with pytest.raises(InvalidFilename):
        parse_sdist(filename, project)


dashed = st.lists(
    st.one_of(
        versions,
        st.sampled_from(
            ["foo", "F.b", "a__b", "é", "1", "2b", "py3", "py2.py3", "cp312", "none", "any", "", "a.", "v_3"]
        ),
    ),
    max_size=8,
).map("-".join)  # fmt: skip
good_wheels = st.tuples(
    st.sampled_from(["foo", "Foo.bar", "foo_bar", "é", "_"]),
    versions,
    st.sampled_from(["1", "2b", "10_x", None, None]),
    st.sampled_from(["py3", "py2.py3", "cp312", "Cp312"]),
    st.sampled_from(["none", "abi3.cp312", "cp312"]),
    st.sampled_from(["any", "manylinux_2_17_x86_64.manylinux2014_x86_64", "ANY"]),
).map(lambda parts: "-".join(part for part in parts if part is not None))


@given(st.one_of(dashed, good_wheels), st.sampled_from([".whl", ".whl", ".whl", ".WHL", ""]))
@example("foo-1.0-py3-none-any", ".whl\n")
def test_a_wheel_name_is_read_as_the_reference_reads_it(stem: str, extension: str) -> None:
    filename = stem + extension
    try:
        name, version, build, tags = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        try:
            assert parse_wheel(filename) is None  # a variant, which the reference does not know
            assert len(stem.split("-")) in (6, 7)
        except InvalidFilename:
            pass
        return
    # The reference loses what follows a line break in a build number; no file has one.
    assume(not build or "\n" not in stem.split("-")[2])
    wheel = parse_wheel(filename)
    assert wheel is not None
    assert (wheel.name, wheel.version, wheel.build) == (name, str(version), build)
    assert parse_tag(wheel.tags) == tags


@given(st.one_of(dashed, versions.map("foo-{}".format)), st.sampled_from([".tar.gz", ".zip", ".tgz", ""]))
def test_a_source_name_without_a_project_is_read_as_the_reference_reads_it(stem: str, extension: str) -> None:
    filename = stem + extension
    try:
        name, version = parse_sdist_filename(filename)
    except InvalidSdistFilename:
        with pytest.raises(InvalidFilename):
            parse_sdist(filename)
        return
    assert parse_sdist(filename) == (name, str(version))


@given(st.sampled_from(["foo", "foo-bar", "foo-2"]), versions, st.sampled_from(["-", "_", "."]))
def test_a_source_name_of_a_known_project_gives_its_version_back(
    project: str, version: str, separator: str
) -> None:
    spelled = project.replace("-", separator)
    assert parse_sdist(f"{spelled}-{version}.zip", project) == (project, str(Version(version)))
