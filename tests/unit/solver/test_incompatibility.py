"""What facts amount to, and what follows from two of them."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from provenv.solver.incompatibility import (
    Depends,
    Excluded,
    Fact,
    Incompatibility,
    Required,
    derivation,
    facts_of,
    incompatibility_of,
    resolve,
)

FACT = Excluded(0, 1, "any")


def test_a_root_requirement_rules_out_everything_else() -> None:
    assert incompatibility_of(Required(0, 3, 0b11)).terms == ((3, ~0b11),)


def test_a_dependency_rules_out_the_parent_without_a_fitting_child() -> None:
    assert incompatibility_of(Depends(0, 0b101, 1, 0b10)).terms == ((0, 0b101), (1, ~0b10))


def test_a_dependency_that_nothing_fits_rules_out_the_parent_alone() -> None:
    assert incompatibility_of(Depends(0, 0b1, 1, 0)).terms == ((0, 0b1),)


def test_a_dependency_on_itself_rules_out_the_versions_that_do_not_fit() -> None:
    assert incompatibility_of(Depends(0, 0b111, 0, 0b011)).terms == ((0, 0b100),)


def test_resolution_drops_a_package_about_which_every_choice_was_covered() -> None:
    menu = incompatibility_of(Depends(0, 0b1, 1, 0b11))
    dropdown = incompatibility_of(Depends(1, 0b111, 2, 0b1))
    assert resolve(menu, dropdown, 1).terms == ((0, 0b1), (2, ~0b1))


def test_resolution_keeps_what_was_not_covered() -> None:
    menu = incompatibility_of(Depends(0, 0b1, 1, 0b11))
    dropdown = incompatibility_of(Depends(1, 0b01, 2, 0b1))
    assert resolve(menu, dropdown, 1).terms == ((0, 0b1), (1, ~0b10), (2, ~0b1))


choices = st.integers(-8, 7).filter(lambda term: term not in (0, -1))
incompatibilities = st.dictionaries(st.integers(0, 2), choices, min_size=1).map(
    lambda terms: Incompatibility(tuple(terms.items()), FACT)
)


def is_ruled_out(incompatibility: Incompatibility, assignment: tuple[int, ...]) -> bool:
    return all(assignment[package] & term for package, term in incompatibility.terms)


@given(incompatibilities, incompatibilities, st.integers(0, 2))
def test_what_resolution_rules_out_was_ruled_out_before(
    left: Incompatibility, right: Incompatibility, package: int
) -> None:
    """Over every assignment of three packages with three versions each (bit 3: absent)."""
    resolved = resolve(left, right, package)
    for assignment in product((1, 2, 4, 8), repeat=3):
        ruled_out = [is_ruled_out(one, assignment) for one in (left, right)]
        assert not is_ruled_out(resolved, assignment) or any(ruled_out)


def test_a_derivation_is_walked_causes_first_and_each_once() -> None:
    facts: list[Fact] = [Required(0, 0, 1), Depends(0, 1, 1, 1), Excluded(1, 1, "is gone")]
    root, needs, gone = map(incompatibility_of, facts)
    middle = resolve(root, needs, 0)
    proof = resolve(middle, gone, 1)
    assert proof.terms == ()
    assert list(derivation(proof)) == [root, needs, middle, gone, proof]
    assert facts_of(derivation(proof)) == facts


def test_a_derivation_may_be_deeper_than_the_stack_of_calls() -> None:
    node = incompatibility_of(Required(0, 0, 1))
    for package in range(20_000):
        node = resolve(node, incompatibility_of(Depends(package, 1, package + 1, 1)), package)
    assert len(list(derivation(node))) == 40_001
