"""The lock for this machine: the first that fits, and why the others are not taken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from provenv.environments.choose import Candidate, choose_lock
from provenv.errors import InputError, InstallError
from support.locking import TARGET


def candidates(folder: Path, *names: str) -> list[Candidate]:
    found = [Candidate(replace(TARGET, name=name), folder / f"{name}.toml") for name in names]
    for candidate in found:
        candidate.path.touch()
    return found


def never(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "it is for another machine")


def test_the_first_that_fits_is_taken(tmp_path: Path) -> None:
    reasons = never("gpu")
    choice = choose_lock(candidates(tmp_path, "gpu", "cpu", "old"), lambda c: reasons.get(c.target.name))
    assert choice.chosen.target.name == "cpu"
    assert choice.others == (
        ("gpu", "it is for another machine"),
        ("old", "it fits too, but cpu is preferred"),
    )


def test_a_target_without_a_lock_is_passed_over(tmp_path: Path) -> None:
    missing = Candidate(replace(TARGET, name="gpu"), tmp_path / "missing.toml")
    choice = choose_lock([missing, *candidates(tmp_path, "cpu")], lambda c: None)
    assert choice.chosen.target.name == "cpu"
    assert choice.others == (("gpu", f"it has no lock yet ({missing.path})"),)


def test_when_nothing_fits_every_reason_is_told(tmp_path: Path) -> None:
    reasons = never("gpu", "mac")
    with pytest.raises(InstallError, match="no lock fits this machine") as caught:
        choose_lock(candidates(tmp_path, "gpu", "mac"), lambda c: reasons.get(c.target.name))
    assert caught.value.evidence == tuple(f"{name}: {reason}" for name, reason in reasons.items())


def test_what_is_wrong_with_a_lock_after_the_chosen_one_is_a_reason_not_to_take_it(tmp_path: Path) -> None:
    def unfit(candidate: Candidate) -> str | None:
        if candidate.target.name == "old":
            raise InputError("old.toml is no lock that can be used", hints=["write it anew"])
        return None

    choice = choose_lock(candidates(tmp_path, "cpu", "old"), unfit)
    assert choice.others == (("old", "old.toml is no lock that can be used"),)
    with pytest.raises(InputError, match="no lock that can be used"):
        choose_lock(candidates(tmp_path, "old", "cpu"), unfit)
