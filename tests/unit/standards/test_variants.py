"""The JSON of wheel variants and their properties: read whole, or refused with the reason."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenv.standards.markers import InvalidMarker, MarkerEnvironment
from provenv.standards.variants import InvalidVariants, Property, Variant, parse_property
from provenv.standards.variants_json import Provider, VariantsJson, parse_variants

GOOD = {
    "$schema": "https://variants-schema.wheelnext.dev/peps/825/v0.1.1.json",
    "default-priorities": {"namespace": ["x86_64", "nvidia"]},
    "variants": {
        "null": {},
        "cu": {"nvidia": {"sm_arch": ["90_real", "80_real"]}, "x86_64": {"level": ["v3"]}},
    },
}


def read(**changes: object) -> VariantsJson:
    return parse_variants(json.dumps({**GOOD, **changes}).encode())


def test_a_json_of_pep_825_is_read() -> None:
    assert read() == VariantsJson(
        ("x86_64", "nvidia"),
        {
            "null": (),
            "cu": (
                Property("nvidia", "sm_arch", "80_real"),
                Property("nvidia", "sm_arch", "90_real"),
                Property("x86_64", "level", "v3"),
            ),
        },
    )


def test_a_json_of_pep_817_is_read() -> None:
    found = read(
        **{
            "$schema": "https://variants-schema.wheelnext.dev/v0.0.3.json",
            "default-priorities": {
                "namespace": ["x86_64", "nvidia"],
                "feature": {"nvidia": ["sm_arch"]},
                "property": {"x86_64": {"level": ["v3", "v2"]}},
            },
            "providers": {
                "nvidia": {"requires": ["nvidia-variant-provider"], "enable-if": "os_name == 'posix'"},
                "x86_64": {"requires": ["x"], "optional": True},
                "blas": {"install-time": False},
            },
            "static-properties": {"blas": {"library": ["mkl", "openblas"]}},
        }
    )

    assert found.features == {"nvidia": ("sm_arch",)}
    assert found.values == {("x86_64", "level"): ("v3", "v2")}
    assert found.providers == {
        "blas": Provider(static={"library": ("mkl", "openblas")}),
        "nvidia": Provider("os_name == 'posix'"),
        "x86_64": Provider(optional=True),
    }


@pytest.mark.parametrize("version", ["0.0.3", "0.1.1", "0.2", "1.0.0", "1.7.0"])
def test_known_majors_are_read_whatever_their_minor(version: str) -> None:
    assert read(**{"$schema": f"https://packaging.example/v{version}.json"}).variants


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"$schema": None}, "it has no `$schema`"),
        ({"$schema": "https://packaging.example/schema.json"}, "says no version"),
        ({"$schema": "https://packaging.example/v2.0.0.json"}, "of version 2"),
        ({"default-priorities": None}, "`default-priorities` is no object"),
        ({"default-priorities": {}}, "`default-priorities.namespace` is no list"),
        ({"default-priorities": {"namespace": []}}, "is empty"),
        ({"default-priorities": {"namespace": ["x86_64"]}}, "'nvidia' is missing"),
        ({"default-priorities": {"namespace": ["x86_64", "nvidia", "x86_64"]}}, "an entry twice"),
        ({"default-priorities": {"namespace": ["x86_64", "nvidia", 5]}}, "is no list of texts"),
        ({"default-priorities": {"namespace": ["X"]}}, "do not allow"),
        ({"variants": None}, "`variants` is no object"),
        ({"variants": {"Cu": {}}}, "the label 'Cu'"),
        ({"variants": {"": {}}}, "the label ''"),
        ({"variants": {"a-b": {}}}, "the label 'a-b'"),
        ({"variants": {"a": []}}, "variant 'a' is no object"),
        ({"variants": {"a": {"nvidia": {"sm_arch": "90_real"}}}}, "is no list of texts"),
        ({"variants": {"a": {"nvidia": {"sm_arch": []}}}}, "has no value"),
        ({"variants": {"a": {"nvidia": {"sm.arch": ["1"]}}}}, "the feature 'sm.arch'"),
        ({"variants": {"a": {"nvidia": {"sm_arch": ["9 0"]}}}}, "the entry '9 0'"),
        ({"variants": {"null": {"nvidia": {"sm_arch": ["1"]}}}}, "'null' has properties"),
        ({"providers": []}, "`providers` is no object"),
        ({"providers": {"nvidia": {"optional": "yes"}}}, "`optional` of nvidia"),
        ({"providers": {"nvidia": {"enable-if": 5}}}, "`enable-if` of nvidia"),
        ({"providers": {"nvidia": 5}}, "provider 'nvidia' is no object"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_it(changes: dict[str, object], why: str) -> None:
    with pytest.raises(InvalidVariants) as caught:
        read(**changes)
    assert why in str(caught.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["null", "nvidia"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*GOOD, "namespace", "nvidia", "null", "sm_arch"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(st.one_of(st.binary(max_size=60), json_values.map(lambda value: json.dumps(value).encode())))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        assert parse_variants(content).namespaces
    except InvalidVariants as error:
        assert str(error)


@given(st.sampled_from(list(GOOD)), json_values)
def test_any_value_of_a_key_is_read_or_refused(key: str, value: object) -> None:
    try:
        assert read(**{key: value}).namespaces
    except InvalidVariants as error:
        assert str(error)


@pytest.mark.parametrize("text", ["nvidia :: sm_arch :: 90_real", "nvidia::sm_arch::90_real"])
def test_a_property_is_read_whatever_its_blanks(text: str) -> None:
    found = parse_property(text)

    assert found == Property("nvidia", "sm_arch", "90_real")
    assert str(found) == "nvidia :: sm_arch :: 90_real"


@pytest.mark.parametrize(
    "text",
    ["", "nvidia", "nvidia :: sm_arch", "a :: b :: c :: d", "A :: b :: c", "a :: b.c :: d", "a :: b :: "],
)
def test_what_is_no_property_is_refused(text: str) -> None:
    with pytest.raises(InvalidVariants):
        parse_property(text)


CU = Variant("cu", (Property("nvidia", "sm_arch", "90_real"),))


@pytest.mark.parametrize(
    ("marker", "of_variant", "of_null", "of_plain"),
    [
        ('variant_label == "cu"', True, False, False),
        ('variant_label != "null"', True, False, True),
        ('variant_label == ""', False, False, True),
        ('"nvidia" in variant_namespaces', True, False, False),
        ('"nvidia" not in variant_namespaces', False, True, True),
        ('"nvidia  ::sm_arch" in variant_features', True, False, False),
        ('"nvidia::sm_arch::90_real" in variant_properties', True, False, False),
        ('"nvidia :: sm_arch :: 80_real" in variant_properties', False, False, False),
        ('"nvidia" in variant_namespaces or os_name == "posix"', True, True, True),
    ],
)
def test_a_variant_s_markers_hold_as_pep_825_says(
    marker: str, of_variant: bool, of_null: bool, of_plain: bool
) -> None:
    def holds(variant: Variant) -> bool:
        values = {"os_name": "posix", "variant_label": variant.label}
        return MarkerEnvironment(values, variant.sets()).evaluate(marker)

    assert (holds(CU), holds(Variant("null")), holds(Variant())) == (of_variant, of_null, of_plain)


@pytest.mark.parametrize("marker", ['variant_label == "cu"', '"nvidia" in variant_namespaces'])
def test_where_no_variant_is_known_a_marker_of_one_has_no_meaning(marker: str) -> None:
    with pytest.raises(InvalidMarker, match="under the preview wheel-variants"):
        MarkerEnvironment({"os_name": "posix"}).evaluate(marker)


def test_a_set_of_a_variant_is_asked_with_in_alone() -> None:
    with pytest.raises(InvalidMarker, match="is a set"):
        MarkerEnvironment({"variant_label": ""}, CU.sets()).evaluate('variant_features == "nvidia"')
