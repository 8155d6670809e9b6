"""Accuracy, recall, precision, F1 and the confusion matrix, against figures worked out by hand."""

from __future__ import annotations

import pytest

from demo.metrics import ClassScores, score


def test_the_scores_of_three_classes() -> None:
    scores = score([0, 0, 0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 1, 2, 2, 2], ["甲", "乙", "丙"])
    assert scores.confusion == ((3, 1, 0), (0, 1, 1), (0, 0, 2))
    assert scores.accuracy == pytest.approx(6 / 8)
    assert [c.recall for c in scores.classes] == pytest.approx([3 / 4, 1 / 2, 1])
    assert [c.precision for c in scores.classes] == pytest.approx([1, 1 / 2, 2 / 3])
    assert [c.f1 for c in scores.classes] == pytest.approx([6 / 7, 1 / 2, 4 / 5])
    assert scores.macro_recall == pytest.approx((3 / 4 + 1 / 2 + 1) / 3)
    assert scores.macro_precision == pytest.approx((1 + 1 / 2 + 2 / 3) / 3)
    assert scores.macro_f1 == pytest.approx((6 / 7 + 1 / 2 + 4 / 5) / 3)
    assert [c.support for c in scores.classes] == [4, 2, 2]


def test_a_class_that_is_never_predicted_counts_as_zero_and_one_that_never_occurs_not_at_all() -> None:
    scores = score([0, 0, 1], [0, 0, 0], ["a", "b", "c"])
    assert scores.classes[1] == ClassScores("b", 1, 0.0, 0.0, 0.0)
    assert scores.macro_recall == pytest.approx(1 / 2)
    assert scores.macro_f1 == pytest.approx((4 / 5 + 0) / 2)


def test_a_class_that_is_only_predicted_counts_as_zero() -> None:
    assert score([0, 0], [0, 1], ["a", "b"]).macro_recall == pytest.approx((1 / 2 + 0) / 2)


@pytest.mark.parametrize(("truth", "predicted"), [([], []), ([0], [0, 1])])
def test_what_can_not_be_compared_is_refused(truth: list[int], predicted: list[int]) -> None:
    with pytest.raises(ValueError, match="can't be compared"):
        score(truth, predicted, ["a", "b"])
