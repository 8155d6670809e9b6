"""Wheel variants: which of a version's wheels a target takes where the preview is on, and that it is off."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from provenv.errors import IndexAnswerError, NoSolution
from provenv.hooks.types import Envelope
from provenv.manifest.values import Index
from provenv.resolution import Package, Resolution
from support.index_server import Fault, TestIndex
from support.resolving import Ask
from support.variants import add_json, add_variant, add_variants, document

LEVELS = {label: {"x86_64": {"level": [label]}} for label in ("v2", "v3", "v4")}
CUDA = {
    "cu126": {"nvidia": {"cuda_version_lower_bound": ["12.6"], "sm_arch": ["80_real", "90_real"]}},
    "cu130": {"nvidia": {"cuda_version_lower_bound": ["13.0"], "sm_arch": ["80_real", "90_real"]}},
    "rocm64": {"amd": {"gfx_arch": ["gfx1100", "gfx942"]}},
}
ON = ("wheel-variants",)


@pytest.fixture(params=["json", "html"])
def index(request: pytest.FixtureRequest, index: TestIndex) -> TestIndex:
    index.formats = (request.param,)
    return index


def taken(
    ask: Ask, name: str = "foo", accelerator: str = "cpu", previews: Sequence[str] = ON, **envelope: object
) -> Package:
    """The package that a target of this accelerator takes; `_` in a word of the envelope is a dash."""
    words = {word.replace("_", "-"): value for word, value in envelope.items()}
    promised = Envelope.of(words)  # type: ignore[arg-type]  # strings, or lists of them
    return ask.package(name, accelerators=(accelerator,), envelope=promised, previews=tuple(previews))


def label(package: Package) -> str:
    assert package.artifact is not None
    assert package.artifact.variant == package.variant.label
    return package.variant.label


# --- what is taken


def test_without_the_preview_there_are_no_variants(index: TestIndex, ask: Ask) -> None:
    add_variants(index, "foo", "2.0", LEVELS)
    add_variants(index, "foo", "1.0", {"null": {}})
    index.add("foo", "1.0")

    found = taken(ask, previews=(), cpu_level="x86-64-v4")

    assert (found.version, label(found)) == ("1.0", "")
    assert not [path for path in index.requested() if path.endswith("variants.json")]


@pytest.mark.parametrize(
    ("level", "expected"), [("x86-64-v4", "v4"), ("x86-64-v3", "v3"), ("x86-64-v1", ""), (None, "")]
)
def test_the_best_of_the_promised_level_is_taken(
    index: TestIndex, ask: Ask, level: str | None, expected: str
) -> None:
    index.add("foo", "1.0")
    add_variants(index, "foo", "1.0", LEVELS)

    assert label(taken(ask, **({"cpu_level": level} if level else {}))) == expected


def test_the_null_variant_comes_after_the_others_and_before_the_plain_wheel(
    index: TestIndex, ask: Ask
) -> None:
    index.add("foo", "1.0")
    add_variants(index, "foo", "1.0", {"null": {}, "v3": LEVELS["v3"]})

    assert label(taken(ask)) == "null"
    assert label(taken(ask, cpu_level="x86-64-v3")) == "v3"


def test_each_accelerator_takes_its_own_variant(index: TestIndex, ask: Ask) -> None:
    index.add("foo", "1.0")
    add_variants(index, "foo", "1.0", CUDA)

    assert label(taken(ask, accelerator="cuda", driver="580", compute_capability=["9.0"])) == "cu130"
    assert label(taken(ask, accelerator="cuda", driver="570", compute_capability=["8.6"])) == "cu126"
    assert label(taken(ask, accelerator="rocm", gfx=["gfx1100"])) == "rocm64"
    assert label(taken(ask)) == ""


def test_a_wheel_must_run_on_every_promised_device(index: TestIndex, ask: Ask) -> None:
    index.add("foo", "1.0")
    variants = {
        "both": {"nvidia": {"sm_arch": ["70_real", "90_real"]}},
        "hopper": {"nvidia": {"sm_arch": ["90_real"]}},
    }
    add_variants(index, "foo", "1.0", variants)

    both = taken(ask, accelerator="cuda", driver="580", compute_capability=["7.0", "9.0"])
    other = taken(ask, accelerator="cuda", driver="580", compute_capability=["7.5", "8.6"])

    assert label(both) == "both"
    assert label(other) == ""


def test_a_property_of_an_unknown_namespace_is_supported_by_nobody(index: TestIndex, ask: Ask) -> None:
    index.add("foo", "1.0")
    add_variants(index, "foo", "1.0", {"mkl": {"blas_lapack": {"library": ["mkl"]}, **LEVELS["v2"]}})

    assert label(taken(ask, cpu_level="x86-64-v4")) == ""


def test_every_feature_counts(index: TestIndex, ask: Ask) -> None:
    index.add("foo", "1.0")
    variants = {"cu": {"nvidia": {"sm_arch": ["90_real"]}, "x86_64": {"level": ["v3"]}}}
    add_variants(index, "foo", "1.0", variants)
    cuda = {"driver": "580", "compute_capability": ["9.0"]}

    assert label(taken(ask, accelerator="cuda", **cuda)) == ""
    assert label(taken(ask, accelerator="cuda", cpu_level="x86-64-v3", **cuda)) == "cu"


def test_a_device_that_is_not_promised_is_not_supported(index: TestIndex, ask: Ask) -> None:
    index.add("foo", "1.0")
    add_variants(index, "foo", "1.0", {"hopper": {"nvidia": {"sm_arch": ["90_real"]}}})

    assert label(taken(ask, accelerator="cuda", driver="580")) == ""


@pytest.mark.parametrize(
    ("order", "expected"), [(["x86_64", "nvidia"], "level"), (["nvidia", "x86_64"], "hopper")]
)
def test_the_json_orders_the_namespaces(index: TestIndex, ask: Ask, order: list[str], expected: str) -> None:
    variants = {"level": LEVELS["v2"], "hopper": {"nvidia": {"sm_arch": ["90_real"]}}}
    add_variants(index, "foo", "1.0", variants, order)
    promised = {"driver": "580", "compute_capability": ["9.0"], "cpu_level": "x86-64-v2"}

    assert label(taken(ask, accelerator="cuda", **promised)) == expected


def test_of_two_that_begin_alike_the_one_with_more_comes_first(index: TestIndex, ask: Ask) -> None:
    more = {"x86_64": {"level": ["v3"], "avx2": ["on"]}}
    add_variants(index, "foo", "1.0", {"a_less": LEVELS["v3"], "z_more": more})

    assert label(taken(ask, cpu_level="x86-64-v3")) == "z_more"


def test_of_two_alike_the_label_decides(index: TestIndex, ask: Ask) -> None:
    add_variants(index, "foo", "1.0", {"b": LEVELS["v3"], "a": LEVELS["v3"]})

    assert label(taken(ask, cpu_level="x86-64-v3")) == "a"


def test_the_json_of_pep_817_may_order_features_and_values(index: TestIndex, ask: Ask) -> None:
    priorities = {"namespace": ["x86_64"], "property": {"x86_64": {"level": ["v2"]}}}
    add_variants(index, "foo", "1.0", LEVELS, **{"default-priorities": priorities})

    assert label(taken(ask, cpu_level="x86-64-v4")) == "v2"


def test_the_variant_is_chosen_before_the_platform_tag(index: TestIndex, ask: Ask) -> None:
    add_variant(index, "foo", "1.0", "v3", tags="py3-none-any")
    add_variant(index, "foo", "1.0", "v2", tags="cp312-cp312-manylinux_2_28_x86_64")
    add_json(index, "foo", "1.0", document(LEVELS))

    assert label(taken(ask, cpu_level="x86-64-v3")) == "v3"


def test_of_one_variant_the_best_tag_and_the_newest_build_are_taken(index: TestIndex, ask: Ask) -> None:
    add_variant(index, "foo", "1.0", "v3")
    for build in ("1", "2"):
        add_variant(index, "foo", "1.0", "v3", tags="cp312-cp312-manylinux_2_28_x86_64", build=build)
    add_json(index, "foo", "1.0", document(LEVELS))

    found = taken(ask, cpu_level="x86-64-v3").artifact

    assert found is not None
    assert found.filename == "foo-1.0-2-cp312-cp312-manylinux_2_28_x86_64-v3.whl"


def test_a_version_that_has_variants_alone_is_a_candidate(index: TestIndex, ask: Ask) -> None:
    index.add("foo", "1.0")
    add_variants(index, "foo", "2.0", LEVELS)

    assert taken(ask, cpu_level="x86-64-v2").version == "2.0"
    assert taken(ask).version == "1.0"


def test_a_yanked_variant_is_not_taken(index: TestIndex, ask: Ask) -> None:
    index.add("foo", "1.0")
    add_variant(index, "foo", "1.0", "v3", yanked="broken")
    add_json(index, "foo", "1.0", document(LEVELS))

    assert label(taken(ask, cpu_level="x86-64-v3")) == ""


def test_a_package_without_any_fitting_wheel_is_told_with_its_variants(index: TestIndex, ask: Ask) -> None:
    add_variants(index, "foo", "1.0", {"v4": LEVELS["v4"]})

    error = ask.error("foo", previews=ON)

    assert isinstance(error, NoSolution)
    assert "(v4: it needs x86_64 :: level :: v4)" in " ".join(error.evidence)


def test_a_json_is_asked_for_only_where_a_variant_has_a_fitting_tag(index: TestIndex, ask: Ask) -> None:
    index.add("foo", "1.0")
    add_variant(index, "foo", "1.0", "v3", tags="cp312-cp312-win_amd64")
    add_json(index, "foo", "1.0", document(LEVELS))

    assert label(taken(ask, cpu_level="x86-64-v3")) == ""
    assert "/files/foo-1.0-variants.json" not in index.requested()


def test_find_links_have_variants_too(index: TestIndex, ask: Ask, tmp_path: Path) -> None:
    add_variants(index, "foo", "1.0", LEVELS)
    folder = index.write(tmp_path / "wheels")
    index.projects.clear()

    found = ask.package(
        "foo",
        previews=ON,
        envelope=Envelope.of({"cpu-level": "x86-64-v3"}),
        indexes=(Index("w", folder.as_uri(), flat=True), Index("default", index.url, default=True)),
    )

    assert label(found) == "v3"


def in_folder(ask: Ask, folder: Path, **changes: object) -> Resolution:
    """What is resolved of `foo` from a folder of wheels alone."""
    indexes = (Index("w", folder.as_uri(), flat=True), Index("default", ask.index.url, default=True))
    envelope = Envelope.of({"cpu-level": "x86-64-v3"})
    return ask.resolution("foo", previews=ON, envelope=envelope, indexes=indexes, **changes)


def test_wheels_of_a_folder_tell_of_themselves(index: TestIndex, ask: Ask, tmp_path: Path) -> None:
    for level in ("v2", "v3", "v4"):
        add_variant(index, "foo", "1.0", level, properties=LEVELS[level])
    folder = index.write(tmp_path / "wheels")
    index.projects.clear()

    found = in_folder(ask, folder)

    assert [label(package) for package in found.packages] == ["v3"]
    assert found.notes == ()


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"x86_64": {"level": []}}, "has no value"),
        ({"nvidia": {"sm_arch": ["90_real"]}}, "order their namespaces differently"),
    ],
)
def test_wheels_of_a_folder_that_contradict_each_other_are_passed_over(
    index: TestIndex, ask: Ask, tmp_path: Path, properties: dict[str, dict[str, list[str]]], said: str
) -> None:
    index.add("foo", "1.0")
    add_variant(index, "foo", "1.0", "v2", properties=LEVELS["v2"])
    add_variant(index, "foo", "1.0", "odd", properties=properties)
    folder = index.write(tmp_path / "wheels")
    index.projects.clear()

    found = in_folder(ask, folder)

    assert [label(package) for package in found.packages] == [""]
    assert said in found.notes[0]


def test_a_wheel_of_a_folder_that_is_none_is_passed_over(index: TestIndex, ask: Ask, tmp_path: Path) -> None:
    index.add("foo", "1.0")
    add_variant(index, "foo", "1.0", "v2", properties=LEVELS["v2"]).content = b"no zip file"
    folder = index.write(tmp_path / "wheels")
    index.projects.clear()

    found = in_folder(ask, folder)

    assert [label(package) for package in found.packages] == [""]
    assert "is no zip file" in found.notes[0]


# --- what is wrong with a JSON is no end


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "it is not JSON"),
        (b"[]", "it is no object"),
        (b'{"$schema": 1}', "it has no `$schema`"),
        (json.dumps(document(LEVELS) | {"$schema": "https://x/v2.0.0.json"}).encode(), "of version 2"),
        (json.dumps(document(LEVELS) | {"variants": []}).encode(), "`variants` is no object"),
        (json.dumps(document(LEVELS, ["nvidia"])).encode(), "'x86_64' is missing from"),
        (json.dumps(document({"null": LEVELS["v3"]})).encode(), "'null' has properties"),
        (b'{"$schema": "https://x/v0.1.1.json", "a": 1, "a": 2}', "'a' stands twice"),
        (json.dumps(document({"v3": {"x86_64": {"level": []}}})).encode(), "has no value"),
        (json.dumps(document({"v3": {"x86_64": {"level": ["v3", "v3"]}}})).encode(), "an entry twice"),
        (json.dumps(document({"v3": {"X86": {"level": ["v3"]}}})).encode(), "do not allow"),
        (b"[" * 100_000, "it is not JSON"),
    ],
)
def test_a_json_that_says_nothing_leaves_the_plain_wheel(
    index: TestIndex, ask: Ask, content: bytes, why: str
) -> None:
    index.add("foo", "1.0")
    add_variant(index, "foo", "1.0", "v3")
    add_json(index, "foo", "1.0", content)

    found = ask.resolution("foo", previews=ON, envelope=Envelope.of({"cpu-level": "x86-64-v3"}))

    assert [label(package) for package in found.packages] == [""]
    (note,) = found.notes
    assert note.startswith(
        "the variant wheels of foo 1.0 were passed over: foo-1.0-variants.json can't be used"
    )
    assert why in note


def test_a_page_without_the_json_leaves_the_plain_wheel(index: TestIndex, ask: Ask) -> None:
    index.add("foo", "1.0")
    add_variant(index, "foo", "1.0", "v3")

    found = ask.resolution("foo", previews=ON, envelope=Envelope.of({"cpu-level": "x86-64-v3"}))

    assert [label(package) for package in found.packages] == [""]
    assert "has no variants.json" in found.notes[0]


def test_a_json_that_the_page_promises_and_that_is_not_there_leaves_the_plain_wheel(
    index: TestIndex, ask: Ask
) -> None:
    index.add("foo", "1.0")
    add_variants(index, "foo", "1.0", LEVELS)
    index.fail("/files/foo-1.0-variants.json", Fault(status=404))

    found = ask.resolution("foo", previews=ON, envelope=Envelope.of({"cpu-level": "x86-64-v3"}))

    assert [label(package) for package in found.packages] == [""]
    assert "it is not there" in found.notes[0]


def test_a_server_that_fails_is_an_error_as_everywhere(index: TestIndex, ask: Ask) -> None:
    index.add("foo", "1.0")
    add_variants(index, "foo", "1.0", LEVELS)
    index.fail("/files/foo-1.0-variants.json", Fault(status=503))

    assert isinstance(ask.error("foo", previews=ON), IndexAnswerError)


def test_a_json_with_another_hash_than_the_page_says_is_an_error(index: TestIndex, ask: Ask) -> None:
    index.add("foo", "1.0")
    add_variants(index, "foo", "1.0", LEVELS).content += b" "

    assert isinstance(ask.error("foo", previews=ON), IndexAnswerError)


def test_the_null_variant_needs_no_json(index: TestIndex, ask: Ask) -> None:
    index.add("foo", "1.0")
    add_variant(index, "foo", "1.0", "null")

    found = ask.resolution("foo", previews=ON)

    assert [label(package) for package in found.packages] == ["null"]
    assert found.notes == ()


def test_a_label_that_the_json_does_not_list_is_not_taken(index: TestIndex, ask: Ask) -> None:
    index.add("foo", "1.0")
    add_variants(index, "foo", "1.0", {"v2": LEVELS["v2"]})
    add_variant(index, "foo", "1.0", "v4")

    assert label(taken(ask, cpu_level="x86-64-v4")) == "v2"


def test_a_json_of_labels_without_a_wheel_offers_nothing(index: TestIndex, ask: Ask) -> None:
    index.add("foo", "1.0")
    add_json(index, "foo", "1.0", document(LEVELS))
    add_json(index, "foo", "2.0", document(LEVELS))

    found = taken(ask, cpu_level="x86-64-v4")

    assert (found.version, label(found)) == ("1.0", "")


def test_keys_that_nobody_knows_yet_are_passed_over(index: TestIndex, ask: Ask) -> None:
    add_variants(index, "foo", "1.0", LEVELS, **{"some-day": {"more": [1]}})

    assert label(taken(ask, cpu_level="x86-64-v4")) == "v4"


def test_a_changed_json_is_read_anew_where_its_index_gives_no_hashes(index: TestIndex, ask: Ask) -> None:
    index.hashes = False
    index.add("foo", "1.0")
    served = add_variants(index, "foo", "1.0", {"v3": LEVELS["v4"]})
    assert label(taken(ask, cpu_level="x86-64-v3")) == ""

    served.content = json.dumps(document({"v3": LEVELS["v3"]})).encode()

    assert label(taken(ask, cpu_level="x86-64-v3")) == "v3"


# --- what PEP 817 says of providers


def test_an_optional_provider_is_not_asked(index: TestIndex, ask: Ask) -> None:
    index.add("foo", "1.0")
    add_variants(index, "foo", "1.0", LEVELS, providers={"x86_64": {"requires": ["x"], "optional": True}})

    assert label(taken(ask, cpu_level="x86-64-v4")) == ""


@pytest.mark.parametrize(("machine", "expected"), [("x86_64", "v4"), ("aarch64", ""), ("nonsense ==", "")])
def test_a_provider_s_condition_is_asked_of_the_target(
    index: TestIndex, ask: Ask, machine: str, expected: str
) -> None:
    index.add("foo", "1.0")
    marker = f"platform_machine == '{machine}'"
    add_variants(index, "foo", "1.0", LEVELS, providers={"x86_64": {"enable-if": marker}})

    assert label(taken(ask, cpu_level="x86-64-v4")) == expected


def test_the_values_of_a_provider_that_no_machine_answers_are_in_the_json(index: TestIndex, ask: Ask) -> None:
    variants = {name: {"blas_lapack": {"library": [name]}} for name in ("mkl", "openblas")}
    add_variants(
        index,
        "foo",
        "1.0",
        variants,
        providers={"blas_lapack": {"install-time": False}},
        **{"static-properties": {"blas_lapack": {"library": ["openblas", "mkl"]}}},
    )

    assert label(taken(ask)) == "openblas"


def test_a_wheel_for_one_version_of_a_dependency_is_not_taken(index: TestIndex, ask: Ask) -> None:
    index.add("foo", "1.0")
    add_variants(index, "foo", "1.0", {"t29": {"abi_dependency": {"torch": ["2.9"]}}}, ["x86_64"])

    assert label(taken(ask)) == ""


# --- what a variant needs


def test_the_markers_of_a_variant_are_asked_of_the_wheel_that_is_taken(index: TestIndex, ask: Ask) -> None:
    markers = {
        "label": "variant_label == 'v3'",
        "namespace": "'x86_64' in variant_namespaces",
        "feature": "'x86_64::level' in variant_features",
        "property": "'x86_64 :: level :: v3' in variant_properties",
        "plain": "variant_label == ''",
        "null": "variant_label == 'null'",
        "other": "'x86_64 :: level :: v4' in variant_properties",
        "not-nvidia": "'nvidia' not in variant_namespaces",
    }
    requires = [f"{name}; {marker}" for name, marker in markers.items()]
    for name in markers:
        index.add(name, "1.0")
    index.add("foo", "1.0", requires=requires)
    add_variants(index, "foo", "1.0", {"v3": LEVELS["v3"], "null": {}}, requires=requires)

    def names(level: str, previews: tuple[str, ...] = ON) -> set[str]:
        envelope = Envelope.of({"cpu-level": level})
        return {*ask("foo", previews=previews, envelope=envelope)} - {"foo"}

    assert names("x86-64-v3") == {"label", "namespace", "feature", "property", "not-nvidia"}
    assert names("x86-64-v1") == {"null", "not-nvidia"}
    add_variant(index, "bar", "1.0", "v3")
    index.add("bar", "1.0", requires=requires)
    add_json(index, "bar", "1.0", document(LEVELS))
    assert {*ask("bar", previews=ON)} - {"bar"} == {"plain", "not-nvidia"}


def test_only_what_the_target_supports_of_a_variant_counts_in_its_markers(index: TestIndex, ask: Ask) -> None:
    for name in ("ampere", "hopper", "any"):
        index.add(name, "1.0")
    add_variants(
        index,
        "foo",
        "1.0",
        {"cu": {"nvidia": {"sm_arch": ["80_real", "90_real"]}}},
        requires=[
            "ampere; 'nvidia :: sm_arch :: 80_real' in variant_properties",
            "hopper; 'nvidia :: sm_arch :: 90_real' in variant_properties",
            "any; 'nvidia :: sm_arch' in variant_features",
        ],
    )

    envelope = Envelope.of({"driver": "580", "compute-capability": ["8.6"]})
    found = ask("foo", previews=ON, accelerators=("cuda",), envelope=envelope)

    assert set(found) == {"foo", "ampere", "any"}


def test_without_the_preview_a_variant_s_marker_makes_a_version_unusable(index: TestIndex, ask: Ask) -> None:
    index.add("foo", "2.0", requires=["bar; variant_label == 'null'"])
    index.add("foo", "1.0")

    assert ask("foo") == {"foo": "1.0"}
    assert "under the preview wheel-variants" in " ".join(ask.error("foo==2.0").evidence)


def test_the_manifest_s_own_requirements_can_t_ask_for_a_variant(index: TestIndex, ask: Ask) -> None:
    index.add("foo", "1.0")

    error = ask.error("foo; variant_label == ''", previews=ON)

    assert "has no meaning" in error.message


# --- CUDA's majors


def test_a_variant_of_another_cuda_major_than_the_build_is_not_taken(index: TestIndex, ask: Ask) -> None:
    index.add("foo", "1.0")
    index.add("nvidia-cublas-cu12", "12.6.4")
    add_variants(index, "foo", "1.0", {name: CUDA[name] for name in ("cu126", "cu130")})
    cuda = {"accelerators": ("cuda",), "previews": ON}
    envelope = Envelope.of({"driver": "580", "compute-capability": ["9.0"]})

    alone = ask.package("foo", envelope=envelope, **cuda)
    beside = ask.package("foo", "foo", "nvidia-cublas-cu12", envelope=envelope, **cuda)

    assert (label(alone), label(beside)) == ("cu130", "cu126")


def test_two_packages_whose_variants_are_of_two_cuda_majors_are_no_solution(
    index: TestIndex, ask: Ask
) -> None:
    add_variants(index, "foo", "1.0", {"cu126": CUDA["cu126"]})
    add_variants(index, "bar", "1.0", {"cu130": CUDA["cu130"]})

    error = ask.error(
        "foo",
        "bar",
        accelerators=("cuda",),
        previews=ON,
        envelope=Envelope.of({"driver": "580", "compute-capability": ["9.0"]}),
    )

    assert isinstance(error, NoSolution)
    assert "it is built for CUDA" in " ".join(error.evidence)


# --- torch, as the drafts' own example has it

TORCH = {
    **{
        label: {
            "nvidia": {
                "cuda_version_lower_bound": [label.removeprefix("cuda")],
                "sm_arch": ["75_real", "80_real", "90_real", *(["60_real"] if "12" in label else [])],
            }
        }
        for label in ("cuda12.6", "cuda13.0", "cuda13.2")
    },
    "rocm7.2": {"amd": {"gfx_arch": ["gfx942"], "rocm_version": ["7.2"]}},
    "null": {},
}


@pytest.fixture
def torch(index: TestIndex) -> TestIndex:
    """Variants of torch, each with the cuDNN of its CUDA."""
    requires = [
        f"nvidia-cudnn-cu{label[4:6]}; variant_label == '{label}'" for label in TORCH if "cuda" in label
    ]
    add_variants(index, "torch", "2.13.0", TORCH, ["nvidia", "amd"], requires=requires)
    index.add("torch", "2.12.0")
    for name in ("nvidia-cudnn-cu12", "nvidia-cudnn-cu13", "nvidia-cublas-cu12"):
        index.add(name, "9.1")
    return index


def torch_of(ask: Ask, accelerator: str, *requirements: str, **envelope: object) -> Resolution:
    words = {word.replace("_", "-"): value for word, value in envelope.items()}
    return ask.resolution(
        "torch",
        *requirements,
        previews=ON,
        accelerators=(accelerator,),
        indexes=(
            Index("loop", ask.index.url, packages=("torch", "nvidia-*")),
            Index("default", ask.index.url, default=True),
        ),
        envelope=Envelope.of(words),  # type: ignore[arg-type]  # strings, or lists of them
    )


@pytest.mark.parametrize(
    ("accelerator", "promised", "expected"),
    [
        ("cuda", {"driver": "580", "compute_capability": ["9.0"]}, {"cuda13.0", "nvidia-cudnn-cu13"}),
        ("cuda", {"driver": "570", "compute_capability": ["9.0"]}, {"cuda12.6", "nvidia-cudnn-cu12"}),
        ("cuda", {"driver": "580", "compute_capability": ["6.0"]}, {"cuda12.6", "nvidia-cudnn-cu12"}),
        ("rocm", {"gfx": ["gfx942"], "rocm": "7.2"}, {"rocm7.2"}),
        ("cpu", {}, {"null"}),
    ],
)
def test_each_target_gets_the_torch_for_its_hardware(
    torch: TestIndex, ask: Ask, accelerator: str, promised: dict[str, object], expected: set[str]
) -> None:
    found = torch_of(ask, accelerator, **promised)

    chosen = {p.variant.label if p.name == "torch" else p.name for p in found.packages}
    assert (chosen, found.notes) == (expected, ())


def test_another_package_s_cuda_major_decides_for_the_variant_of_the_same_version(
    torch: TestIndex, ask: Ask
) -> None:
    found = torch_of(ask, "cuda", "nvidia-cublas-cu12", driver="580", compute_capability=["9.0"])

    assert {p.name: p.variant.label or p.version for p in found.packages} == {
        "nvidia-cublas-cu12": "9.1",
        "nvidia-cudnn-cu12": "9.1",
        "torch": "cuda12.6",
    }


def test_it_is_told_when_no_variant_for_the_device_fits(torch: TestIndex, ask: Ask) -> None:
    found = torch_of(ask, "cuda", driver="550", compute_capability=["9.0"])

    assert [label(package) for package in found.packages] == ["null"]
    (note,) = found.notes
    assert note.startswith("the null variant of torch 2.13.0 is taken, since none for the device fits (")
    assert "cuda12.6: it needs nvidia :: cuda_version_lower_bound :: 12.6" in note
