"""Cleaning, dropping repeats, and a split in which no test text is seen earlier."""

from __future__ import annotations

from demo.corpus import Corpus, clean, fingerprint, split, without, without_repeats


def test_clean_makes_one_line_of_ordinary_signs() -> None:
    assert clean(" ＡＢＣ　１２\t好\x00的\u200b\n！") == "abc 12 好 的 !"


def test_repeats_are_dropped_and_contradictions_counted() -> None:
    corpus = Corpus(("甲", "乙", "甲", "丙", "乙"), ("正", "正", "正", "负", "负"))
    assert without_repeats(corpus) == (Corpus(("甲", "丙"), ("正", "负")), 1)


def test_texts_that_differ_by_punctuation_are_twins_and_others_are_not() -> None:
    assert fingerprint("很好！") == fingerprint("很好。 ") != fingerprint("不好")
    assert fingerprint("！！！") != fingerprint("？？？")


def test_no_twin_of_a_test_text_is_seen_earlier() -> None:
    texts = tuple(f"第{i}条评论{sign}" for i in range(300) for sign in ("。", "！", ""))
    splits = split(Corpus(texts, ("x",) * len(texts)), train=100, test=100)
    seen = {fingerprint(text) for text in (*splits.train.texts, *splits.unlabelled)}
    assert len(splits.test) == len(splits.train) == 100
    assert not seen & {fingerprint(text) for text in splits.test.texts}


def test_a_split_does_not_depend_on_the_order_of_the_texts() -> None:
    texts = tuple(f"第{i}条" for i in range(50))
    there = split(Corpus(texts, ("x",) * 50), train=10, test=10)
    back = split(Corpus(texts[::-1], ("x",) * 50), train=10, test=10)
    assert (there.train, there.test, there.unlabelled) == (back.train, back.test, back.unlabelled)


def test_without_leaves_out_the_held_out_and_their_twins() -> None:
    assert without(["好。", "差", "好的"], ["好"]) == ("差", "好的")
