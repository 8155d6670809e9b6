"""The few facts that a contradiction rests on."""

from __future__ import annotations

from provenv.solver.core import core_of, refute
from provenv.solver.incompatibility import (
    Depends,
    Excluded,
    Fact,
    Incompatibility,
    Required,
    derivation,
    facts_of,
)

MENU, DROPDOWN, ICONS = range(3)


def proof_of(*facts: Fact) -> Incompatibility:
    proof = refute(facts)
    assert proof is not None
    return proof


def core_facts(*facts: Fact) -> set[Fact]:
    return set(facts_of(derivation(core_of(proof_of(*facts)).proof)))


def test_facts_that_go_together_are_not_refuted() -> None:
    assert (
        refute([Required(0, MENU, 0b11), Depends(MENU, 0b01, DROPDOWN, 0), Excluded(DROPDOWN, 1, "")]) is None
    )


def test_what_is_refuted_may_need_trying_out() -> None:
    """No unit propagation from the root: each version of the menu fails for a reason of its own."""
    facts = [
        Required(0, MENU, 0b11),
        Required(1, ICONS, 0b1),
        Depends(MENU, 0b01, ICONS, 0b10),
        Depends(MENU, 0b10, DROPDOWN, 0b1),
        Depends(DROPDOWN, 0b1, ICONS, 0b10),
    ]
    assert core_facts(*facts) == set(facts)


def test_facts_about_single_versions_are_told_as_one() -> None:
    facts = [Depends(MENU, 1 << n, DROPDOWN, 1 << n) for n in range(50)]
    asked = [Required(0, MENU, (1 << 50) - 1), Required(1, DROPDOWN, 1 << 60)]
    every = (1 << 50) - 1
    assert core_facts(*asked, *facts) == {*asked, Depends(MENU, every, DROPDOWN, every)}


def test_versions_that_nobody_asks_for_are_left_out() -> None:
    asked = [Required(0, MENU, 0b0011), Required(1, ICONS, 0b1)]
    facts = [Depends(MENU, 0b0101, ICONS, 0), Depends(MENU, 0b1010, DROPDOWN, 0)]
    assert core_facts(*asked, *facts) == {
        asked[0],
        Depends(MENU, 0b0001, ICONS, 0),
        Depends(MENU, 0b0010, DROPDOWN, 0),
    }


def test_reasons_are_kept_by_package_in_the_order_of_trial() -> None:
    core = core_of(
        proof_of(Required(0, MENU, 0b11), Excluded(MENU, 0b10, "is broken"), Excluded(MENU, 0b01, "is gone"))
    )
    assert core.reasons == {MENU: ((0b01, "is gone"), (0b10, "is broken"))}
    assert set(facts_of(derivation(core.proof))) == {Required(0, MENU, 0b11), Excluded(MENU, 0b11, None)}
