"""Words, vectors, the model and its training, run for real in an environment that has torch and jieba."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Evaluate = Callable[[str], object]

TOY = """
import random, torch
from demo.corpus import Corpus
from demo.experiment import Task, run
from demo.train import FineTuneSettings
from demo.vectors import SkipGramSettings

GOOD, BAD = "好 棒 赞 美 妙".split(), "坏 差 烂 糟 劣".split()
PLAIN = "我 你 他 在 这里 那里 今天 昨天".split()

def texts(count, seed, share=0.5):
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        label, words = ("正", GOOD) if chance.random() < share else ("负", BAD)
        found.append((" ".join(chance.sample(PLAIN, 5) + chance.sample(words, 1)), label))
    return Corpus(tuple(t for t, _ in found), tuple(l for _, l in found))

def accuracy(train, test, seed=0, **more):
    settings = FineTuneSettings(members=2, texts_seen=4000)
    task = Task(train, test, **more)
    pretraining = SkipGramSettings(dimensions=16, epochs=5, subsample=1.0)
    return run(task, device=torch.device("cpu"), seed=seed, progress=lambda line: None,
               pretraining=pretraining, tuning=settings)
"""


def test_negations_stay_whatever_the_stop_words_say(evaluate: Evaluate) -> None:
    program = """
from demo.corpus import bundled_stop_words
from demo.segment import Segmenter
cut = Segmenter(bundled_stop_words())
assert {"不是", "没有", "的"} & bundled_stop_words()
answer = [cut.words("这家酒店的服务并不是没有问题"), cut.words("的了吗"), cut.words("")]
"""
    words, only_stop_words, nothing = evaluate(program)  # type: ignore[misc]  # a list of three lists
    assert {"酒店", "服务"} < set(words)
    assert any("不" in word for word in words)
    assert "的" not in words
    assert only_stop_words
    assert nothing == []


def test_ngrams_are_of_chinese_signs_and_of_whole_latin_words(evaluate: Evaluate) -> None:
    program = "from demo.segment import ngrams\nanswer = ngrams('用iPhone 15拍，好')"
    assert evaluate(program) == [
        "用",
        "iphone",
        "15",
        "拍",
        ",",
        "好",
        "用 iphone",
        "iphone 15",
        "15 拍",
        "拍 ,",
        ", 好",
    ]


def test_the_bundled_corpus_is_clean_and_split_without_leaks(evaluate: Evaluate) -> None:
    program = """
from demo.corpus import fingerprint
from demo.tasks import bundled_task
task = bundled_task()
seen = {fingerprint(text) for text in (*task.train.texts, *task.unlabelled)}
answer = {**task.facts, "train": len(task.train), "test": len(task.test), "unlabelled": len(task.unlabelled),
          "leaks": sum(fingerprint(text) in seen for text in task.test.texts),
          "labels": sorted(set(task.train.labels)), "compare": task.compare}
"""
    found = evaluate(program)
    assert isinstance(found, dict)
    assert found["contradictory"] == 47
    assert found["lines"] - found["repeats"] - found["contradictory"] == 17_363
    assert found["test"] == 2_000
    assert 0 < found["train"] <= 2_000
    assert found["leaks"] == 0
    assert found["labels"] == ["negative", "positive"]
    assert found["compare"] is True


def test_words_in_like_company_get_like_vectors(evaluate: Evaluate) -> None:
    program = (
        TOY
        + """
from demo.vectors import pretrain
documents = [text.split() for text in texts(3000, 1).texts]
documents += [[*"甲 乙 丙".split(), word] for word in GOOD for _ in range(100)]
documents += [[*"丁 戊 己".split(), word] for word in BAD for _ in range(100)]
settings = SkipGramSettings(dimensions=16, epochs=5, subsample=1.0)
found = pretrain(documents, settings, device=torch.device("cpu"),
                 generator=torch.Generator().manual_seed(0))
rows = {word: found.matrix[i] for i, word in enumerate(found.words)}
like = sum(float(rows["好"] @ rows[word]) for word in GOOD[1:]) / 4
unlike = sum(float(rows["好"] @ rows[word]) for word in BAD) / 5
answer = [like, unlike, float(found.matrix.norm(dim=1).sub(1).abs().max())]
"""
    )
    like, unlike, off_unit_length = evaluate(program)  # type: ignore[misc]  # a list of three numbers
    assert like > unlike + 0.2
    assert off_unit_length < 1e-5


def test_pre_training_on_nothing_gives_no_vectors(evaluate: Evaluate) -> None:
    program = (
        TOY
        + """
from demo.vectors import pretrain
answer = [list(pretrain(documents, SkipGramSettings(dimensions=8), device=torch.device("cpu"),
                        generator=torch.Generator()).matrix.shape)
          for documents in ([], [[]], [["一", "一", "一"]], [["一"]] * 3)]
"""
    )
    assert evaluate(program) == [[0, 8], [0, 8], [1, 8], [1, 8]]


def test_a_sound_run_learns_and_one_on_shuffled_labels_does_not(evaluate: Evaluate) -> None:
    program = (
        TOY
        + """
train, test = texts(200, 1), texts(200, 2)
labels = list(train.labels)
random.Random(0).shuffle(labels)
shuffled = Corpus(train.texts, tuple(labels))
answer = [accuracy(one, test).scores.accuracy for one in (train, shuffled)]
"""
    )
    sound, shuffled = evaluate(program)  # type: ignore[misc]  # a list of two numbers
    assert sound > 0.95
    assert shuffled < 0.75


def test_pre_trained_vectors_know_words_that_no_labelled_text_has(evaluate: Evaluate) -> None:
    program = (
        TOY
        + """
from demo.corpus import Corpus
GOOD[:] = "好 棒".split(); BAD[:] = "坏 差".split()
train = texts(60, 1)
kinds = (("甲", "好棒赞美妙"), ("乙", "坏差烂糟劣"))
company = [f"{a} {b} {c} {a}" for c, kind in kinds for a in kind for b in kind]
GOOD[:] = "赞 美 妙".split(); BAD[:] = "烂 糟 劣".split()
result = accuracy(train, texts(200, 2), unlabelled=tuple(company * 20), compare=True)
answer = [result.scores.accuracy, result.random_init.accuracy]
"""
    )
    pretrained, random_init = evaluate(program)  # type: ignore[misc]  # a list of two numbers
    assert pretrained > random_init + 0.2


def test_a_seed_gives_the_same_answer_again_and_another_seed_another_run(evaluate: Evaluate) -> None:
    program = (
        TOY
        + """
from demo import experiment
kept = []
learn = experiment.predict
experiment.predict = lambda *given: kept.append(learn(*given)) or kept[-1]
for seed in (3, 3, 4):
    accuracy(texts(60, 1), texts(40, 2), seed=seed)
answer = [torch.equal(kept[0], kept[1]), torch.equal(kept[0], kept[2])]
"""
    )
    assert evaluate(program) == [True, False]


def test_a_rare_class_counts_as_much_as_a_frequent_one(evaluate: Evaluate) -> None:
    program = (
        TOY + "answer = accuracy(texts(300, 1, share=0.95), texts(400, 2, share=0.9)).scores.macro_recall"
    )
    found = evaluate(program)
    assert isinstance(found, float)
    assert found > 0.8


def test_the_weights_of_classes_are_as_if_all_were_equally_frequent(evaluate: Evaluate) -> None:
    program = "from demo.train import class_weights\nanswer = class_weights([0, 0, 0, 2], 3).tolist()"
    assert evaluate(program) == pytest.approx([4 / (3 * 2), 0.0, 4 / (1 * 2)])


def test_folds_hold_every_text_once_and_every_class_evenly(evaluate: Evaluate) -> None:
    program = """
from demo.train import folds
labels = [0] * 30 + [1] * 10
found = folds(labels, 5, seed=0)
answer = [sorted(row for fold in found for row in fold) == list(range(40)),
          [sum(labels[row] for row in fold) for fold in found], folds([0, 1, 1], 5, seed=0)]
"""
    assert evaluate(program) == [True, [2, 2, 2, 2, 2], [[]]]


def test_labels_are_ordered_as_numbers_where_they_are_numbers(evaluate: Evaluate) -> None:
    program = """
from demo.experiment import label_order
answer = [label_order(["10", "9", "-1", "9"]), label_order(["b", "9", "a"])]
"""
    assert evaluate(program) == [["-1", "9", "10"], ["9", "a", "b"]]


def test_odd_texts_and_labels_are_taken_as_they_come(evaluate: Evaluate) -> None:
    program = (
        TOY
        + """
train = Corpus(("好", "差", "好" * 5000, "！！！", "good phone"), ("a", "b", "a", "b", "c"))
test = Corpus(("", "差" * 3000, "\U0001f600", "good", "?"), ("a", "b", "a", "c", "only here"))
scores = accuracy(train, test).scores
answer = [scores.labels, scores.confusion, scores.classes[3].recall]
"""
    )
    labels, confusion, recall = evaluate(program)  # type: ignore[misc]  # a list of three
    assert labels == ["a", "b", "c", "only here"]
    assert sum(map(sum, confusion)) == 5
    assert [row[3] for row in confusion] == [0, 0, 0, 0]
    assert recall == 0.0
