"""Wheel variants from outside: the preview is switched on, locked, checked, installed and switched off."""

from __future__ import annotations

import tomllib

import pytest

from support.index_server import TestIndex
from support.program import HERE, Desk
from support.variants import add_variants

ON = 'preview = ["wheel-variants"]\n'
LEVELS = {label: {"x86_64": {"level": [label]}} for label in ("v1", "v2", "v3", "v4")}


@pytest.fixture
def variants(index: TestIndex) -> TestIndex:
    index.add("foo", "1.0")
    add_variants(index, "foo", "1.0", {"null": {}, **LEVELS})
    return index


def locked(desk: Desk) -> dict[str, object]:
    (package,) = tomllib.loads(desk.lock().read_text())["packages"]
    return {
        "file": package["wheels"][0]["url"].rpartition("/")[2],
        **package.get("tool", {}).get("provenv", {}),
    }


def test_the_lock_says_which_variant_and_what_it_is_for(desk: Desk, variants: TestIndex) -> None:
    desk.manifest(variants, "foo", table=f'{ON}cpu-level = "x86-64-v2"\n')

    desk.run("lock")

    assert locked(desk) == {
        "file": "foo-1.0-py3-none-any-v2.whl",
        "variant": "v2",
        "variant-properties": ["x86_64 :: level :: v2"],
    }
    assert desk.run("lock", "--json").json["locks"][0]["status"] == "fresh"
    desk.run("check")


def test_a_variant_is_installed_and_another_of_the_same_version_in_its_place(
    desk: Desk, variants: TestIndex
) -> None:
    tables = {label: f'{ON}cpu-level = "x86-64-{label}"\n' for label in ("v1", "v2")}
    for label in ("v1", "v2", "v1", ""):
        desk.manifest(variants, "foo", table=tables.get(label, ""))
        desk.run("lock")
        desk.run("install", "--target", HERE)

        assert desk.installed() == ["foo-1.0"]
        module = (desk.site_packages() / "foo.py").read_text()
        assert (f"label = {label!r}" in module, "label" in module) == (bool(label), bool(label))


def test_switching_the_preview_off_makes_a_lock_stale(desk: Desk, variants: TestIndex) -> None:
    desk.manifest(variants, "foo", table=f'{ON}cpu-level = "x86-64-v2"\n')
    desk.run("lock")

    desk.manifest(variants, "foo", table='cpu-level = "x86-64-v2"\n')

    assert "preview wheel-variants -> (none)" in desk.run("check", expect=1).text
    desk.run("lock")
    assert locked(desk) == {"file": "foo-1.0-py3-none-any.whl"}


def test_the_flag_is_the_manifest_s_key(desk: Desk, variants: TestIndex) -> None:
    desk.manifest(variants, "foo", table='cpu-level = "x86-64-v2"\n')

    desk.run("lock", "--preview", "wheel-variants")

    assert locked(desk)["variant"] == "v2"
    desk.run("check", "--preview", "wheel-variants")
    desk.run("check", expect=1)


def test_resolve_says_the_variant(desk: Desk, variants: TestIndex) -> None:
    asked = ("resolve", "foo", "--default-index", variants.url, "--cpu-level", "x86-64-v3", "--json")

    (package,) = desk.run(*asked, "--preview", "wheel-variants").json["packages"]

    assert package["url"].endswith("/foo-1.0-py3-none-any-v3.whl")
    assert package["variant"] == {"label": "v3", "properties": ["x86_64 :: level :: v3"]}
    (plain,) = desk.run(*asked).json["packages"]
    assert plain["url"].endswith("/foo-1.0-py3-none-any.whl")
    assert "variant" not in plain


@pytest.mark.parametrize("flag", [True, False])
def test_an_unknown_preview_is_refused_with_the_nearest_spelling(
    desk: Desk, variants: TestIndex, flag: bool
) -> None:
    desk.manifest(variants, "foo", table="" if flag else 'preview = ["wheel-variant"]\n')

    told = desk.run("lock", *(["--preview", "wheel-variant"] if flag else []), expect=2).err

    assert "there is no preview 'wheel-variant'" in told
    assert "did you mean 'wheel-variants'?" in told


def test_a_machine_that_a_variant_is_not_for_does_not_take_its_lock(desk: Desk, variants: TestIndex) -> None:
    here = desk.run("detect", "--json").json["features"]["cpu"]
    table = f'{ON}cpu-level = "armv8.2"\n'
    desk.manifest(variants, "foo", table=table)
    desk.run("lock")
    assert locked(desk)["variant"] == "v1"
    desk.run("install")

    text = desk.lock().read_text().replace("x86_64 :: level :: v1", "x86_64 :: level :: v9")
    desk.lock().write_text(text)

    assert "x86_64 :: level :: v9" not in here
    assert "its foo is a variant for x86_64 :: level :: v9" in desk.run("install", expect=7).err


def test_an_open_target_is_this_machine_s_own(desk: Desk, variants: TestIndex) -> None:
    levels = [text for text in desk.run("detect", "--json").json["features"]["cpu"] if ":: level ::" in text]
    desk.manifest(variants, "foo")
    manifest = desk.folder / "pyproject.toml"
    text = manifest.read_text().replace('platforms = ["linux-x86_64"]\n', ON)
    manifest.write_text(text.replace('accelerators = ["cpu"]\n', 'accelerators = ["auto"]\n'))

    desk.run("lock")

    assert locked(desk)["variant-properties"] == levels[:1]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('variant = "v2"', 'variant = "v3"'),
        ('variant = "v2"', "variant = 2"),
        ('"x86_64 :: level :: v2"', '"x86_64 :: level"'),
    ],
)
def test_a_damaged_variant_of_a_lock_is_told(desk: Desk, variants: TestIndex, old: str, new: str) -> None:
    desk.manifest(variants, "foo", table=f'{ON}cpu-level = "x86-64-v2"\n')
    desk.run("lock")
    text = desk.lock().read_text()
    assert old in text
    desk.lock().write_text(text.replace(old, new))

    assert "is no lock that can be used" in desk.run("tree", expect=2).err


def test_the_targets_of_one_lock_take_their_own_variants(desk: Desk, index: TestIndex) -> None:
    """What one target's solve has learned must not decide for another."""
    for name in ("for-v2", "for-v3", "for-cuda", "for-none"):
        index.add(name, "1.0")
    requires = [
        "for-v2; variant_label == 'v2'",
        "for-v3; variant_label == 'v3'",
        "for-cuda; 'nvidia' in variant_namespaces",
        "for-none; variant_label == ''",
    ]
    index.add("foo", "1.0", requires=requires)
    variants = {"v2": LEVELS["v2"], "v3": LEVELS["v3"], "cu": {"nvidia": {"sm_arch": ["80_real"]}}}
    add_variants(index, "foo", "1.0", variants, ["nvidia", "x86_64"], requires=requires)
    add_variants(index, "bar", "1.0", {"null": {}}, requires=["foo"])
    targets = {
        "old": "",
        "plain": 'cpu-level = "x86-64-v2"',
        "new": 'cpu-level = "x86-64-v3"',
        "gpu": 'accelerator = "cuda"\ndriver = "580"\ncompute-capability = ["8.6"]',
    }
    tables = "".join(f"[tool.provenv.targets.{name}]\n{text}\n" for name, text in targets.items())
    desk.manifest(index, "bar", table=ON, more="")
    with (desk.folder / "pyproject.toml").open("a") as file:
        file.write(tables)

    desk.run("lock", *(f"--target={name}" for name in targets))

    found = {
        name: [p["name"] for p in tomllib.loads(desk.lock(name).read_text())["packages"]] for name in targets
    }
    assert found == {
        "old": ["bar", "foo", "for-none"],
        "plain": ["bar", "foo", "for-v2"],
        "new": ["bar", "foo", "for-v3"],
        "gpu": ["bar", "foo", "for-cuda"],
    }
