"""`python -m demo`: what it says, writes and exits with."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

Evaluate = Callable[[str], object]
Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


def rows(folder: Path, name: str, texts: list[tuple[str, str]]) -> str:
    path = folder / name
    path.write_text(
        "".join(["text,label\n", *(f"{text},{label}\n" for text, label in texts)]), encoding="utf-8"
    )
    return str(path)


def reviews(count: int, start: int) -> list[tuple[str, str]]:
    """Reviews of three kinds, told by what they praise."""
    words = {"吃": "菜很好吃", "住": "房间很干净", "行": "司机很准时"}
    return [(f"第{start + i}次来，{words[kind]}，值得", kind) for i in range(count) for kind in words]


@pytest.mark.slow
def test_a_run_on_files_of_ones_own_writes_the_whole_report(demo: Run, tmp_path: Path) -> None:
    train, test = rows(tmp_path, "train.csv", reviews(30, 0)), rows(tmp_path, "test.csv", reviews(10, 100))
    report = tmp_path / "report.json"
    done = demo(["--data", train, "--test", test, "--json", str(report), "--device", "cpu", "--seed", "7"])
    assert done.returncode == 0, done.stderr
    found = json.loads(report.read_text(encoding="utf-8"))
    assert found["labels"] == ["住", "吃", "行"]
    assert (found["accuracy"], found["macro_recall"], found["macro_f1"]) == (1.0, 1.0, 1.0)
    assert found["confusion_matrix"] == [[10, 0, 0], [0, 10, 0], [0, 0, 10]]
    assert (found["device"], found["seed"], found["failures"], found["random_init"]) == ("cpu", 7, [], None)
    assert found["data"]["train"], found["data"]["test"] == (90, 30)
    assert set(found["seconds"]) == {"segment", "pretrain", "finetune", "total"}
    assert {"python", "torch", "jieba"} <= set(found["versions"])
    assert "accuracy 1.000" in done.stdout
    assert "pass 1 of" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.json", "test.csv", "train.csv"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--test", "test.csv"], "--test needs --data"),
        (["--data", "nowhere.csv"], "nowhere.csv can't be read"),
        (["--device", "warp"], "torch knows no device 'warp'"),
        (["--device", "meta"], "device meta"),
        (["--device", "xpu"], "device xpu is not available here"),
        (["--json", "nowhere/report.json"], "there is no folder nowhere"),
        (["--seed", "-1"], "a seed is a number from 0"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(demo: Run, arguments: list[str], words: str) -> None:
    done = demo(arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_one_label_is_nothing_to_learn(demo: Run, tmp_path: Path) -> None:
    data = rows(tmp_path, "one.csv", [(f"第{i}条", "好") for i in range(20)])
    done = demo(["--data", data])
    assert done.returncode == 2
    assert "one label only, '好'" in done.stderr


def test_too_few_texts_to_hold_some_out(demo: Run, tmp_path: Path) -> None:
    data = rows(tmp_path, "few.csv", [("好", "1"), ("差", "0")])
    done = demo(["--data", data])
    assert done.returncode == 2
    assert "2 texts: too few to hold some out" in done.stderr


def test_test_texts_that_were_learnt_and_labels_that_were_not_are_warned_of(
    evaluate: Evaluate, tmp_path: Path
) -> None:
    train = rows(tmp_path, "train.csv", [("好。", "1"), ("差", "0"), ("", "0")])
    test = rows(tmp_path, "test.csv", [("好", "1"), ("一般", "2")])
    program = f"""
from pathlib import Path
from demo.files import Columns
from demo.tasks import own_task
task = own_task(Path({train!r}), Path({test!r}), Columns())
answer = [task.warnings, len(task.train)]
"""
    assert evaluate(program) == [
        [
            "labels that only test texts have can't be learnt: 2",
            "1 of 2 test texts are also training texts: the scores flatter",
        ],
        2,
    ]


def test_a_run_is_failed_below_the_threshold_or_when_pre_training_brings_nothing(evaluate: Evaluate) -> None:
    program = """
from demo.experiment import Result
from demo.metrics import score
from demo.verdict import Threshold, bundled_threshold, failures
def scores(hits):
    return score([0] * 1000, [0] * hits + [1] * (1000 - hits), ["a", "b"])
threshold = Threshold((0.80, 0.81, 0.79))
answer = [failures(Result(scores(hits), scores(scratch), {}), threshold)
          for hits, scratch in ((800, 780), (759, 700), (790, 790))]
answer.append(bundled_threshold().accuracy)
"""
    sound, inaccurate, useless, threshold = evaluate(program)  # type: ignore[misc]  # three lists, a number
    assert sound == []
    assert inaccurate == ["accuracy 0.7590 is below the 0.7600 of sound runs"]
    assert useless == ["random vectors do as well as pre-trained ones: 0.7900 against 0.7900"]
    assert threshold > 0.7
