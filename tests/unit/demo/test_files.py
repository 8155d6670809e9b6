"""Texts with labels from a user's files, in every form and encoding, and what is said of bad ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from demo.corpus import Corpus
from demo.errors import DemoError
from demo.files import Columns, read_table

ROWS = [("很好，下次还来", "1"), ("太差了", "0"), ('他说："不错"', "1")]
WANTED = Corpus(tuple(text for text, _ in ROWS), tuple(label for _, label in ROWS))

CSV = 'text,label\n很好，下次还来,1\n太差了,0\n"他说：""不错""",1\n'
TSV = "text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in ROWS).replace(
    '他说："不错"', '"他说：""不错"""'
)
OBJECTS = [{"text": text, "label": int(label)} for text, label in ROWS]


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", CSV),
        ("a.csv", CSV.replace("\n", "\r\n")),
        ("a.csv", CSV.replace(",", ";")),
        ("a.csv", CSV.replace("text,label", " Text , LABEL ")),
        ("a.csv", CSV + "\n\n , \n"),
        ("a.tsv", TSV),
        ("a.csv", TSV),
        ("a.txt", CSV),
        ("a.json", json.dumps(OBJECTS)),
        ("a.json", json.dumps(OBJECTS, ensure_ascii=False, indent=2)),
        ("a.json", json.dumps({"name": "reviews", "rows": OBJECTS})),
        ("a.json", json.dumps({"text": WANTED.texts, "label": [1, 0, 1]})),
        ("a.json", "\n".join(json.dumps(row) for row in OBJECTS)),
        ("a.jsonl", "\n".join(json.dumps(row) for row in OBJECTS)),
        (
            "a.jsonl",
            "\n\n".join(json.dumps({**row, "label": row["label"] * 1.0, "id": 7}) for row in OBJECTS),
        ),
        ("a.data", "\n".join(json.dumps(row) for row in OBJECTS)),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_every_form_in_every_encoding_is_the_same_corpus(
    tmp_path: Path, name: str, content: str, encoding: str
) -> None:
    assert read_table(written(tmp_path, name, content.encode(encoding))).corpus == WANTED


def test_a_quoted_cell_may_hold_line_ends_delimiters_and_be_larger_than_csvs_own_limit(
    tmp_path: Path,
) -> None:
    text = "第一行\n第二行, 还有\t" + "长" * 200_000
    path = written(tmp_path, "a.csv", f'text,label\n"{text}",好\n')
    assert read_table(path).corpus == Corpus((text,), ("好",))


def test_a_line_separator_inside_a_json_line_is_text(tmp_path: Path) -> None:
    path = written(
        tmp_path, "a.jsonl", '{"text": "一\u2028二", "label": "x"}\n{"text": "三", "label": "y"}\n'
    )
    assert read_table(path).corpus.texts == ("一\u2028二", "三")


def test_other_columns_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "id,review,sentiment\n1,好,pos\n")
    assert read_table(path, Columns("review", "Sentiment")).corpus == Corpus(("好",), ("pos",))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "text,label\n好,1\n没有标签,\n差\n,0\n"),
        ("a.jsonl", '{"text":"好","label":"1"}\n{"text":"无"}\n{"text":"无","label":null}\n{"label":0}\n'),
    ],
)
def test_a_row_without_a_label_is_left_out_and_counted_and_an_empty_text_stays(
    tmp_path: Path, name: str, content: str
) -> None:
    table = read_table(written(tmp_path, name, content))
    assert table.corpus == Corpus(("好", ""), ("1", "0"))
    assert table.unlabelled == 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "", "needs columns 'text' and 'label', but has nothing"),
        ("a.csv", "text,label\n", "has no rows"),
        ("a.csv", "text,target\n好,1\n", "but has 'text', 'target'; name yours with --text-column"),
        ("a.csv", "好,1\n差,0\n", "but has '好', '1'"),
        ("a.csv", "text,label\n好,\n", "no row has a 'label'"),
        ("a.csv", b"text,label\n\xff\xff\x80\n", "neither UTF-8"),
        ("a.json", "[", "is not JSON"),
        ("a.json", "[1]", "row 1 is no object with keys, but 1"),
        ("a.json", "[]", "has no rows"),
        ("a.json", '[{"review": "好"}]', "row 1: needs columns 'text' and 'label', but has 'review'"),
        ("a.json", '[{"text": ["好"], "label": 1}]', "not a list"),
        ("a.jsonl", '{"text": "好", "label": 1}\n{"text": \n', "a.jsonl:2: not JSON"),
    ],
)
def test_a_bad_file_is_told_with_its_place(
    tmp_path: Path, name: str, content: str | bytes, words: str
) -> None:
    with pytest.raises(DemoError) as caught:
        read_table(written(tmp_path, name, content))
    assert words in str(caught.value)
    assert name in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match=r"nowhere\.csv can't be read: No such file"):
        read_table(tmp_path / "nowhere.csv")
