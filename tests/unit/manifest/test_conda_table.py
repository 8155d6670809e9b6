"""[tool.provenv.conda]: what it holds, and every way of getting it wrong."""

from __future__ import annotations

import pytest

from .conftest import Read, Refuse

TARGET = '[tool.provenv.targets.lab]\nplatform = "linux-x86_64"\npackaging = "conda"\n'


def test_the_table_is_read(project: Read) -> None:
    found = project(
        "[tool.provenv.conda]\n"
        'channels = ["conda-forge", "../own", "https://host.example/team/"]\n'
        'dependencies = [\n  "python 3.13.*",\n  "numpy >=2",\n]\n'
        'map = { OpenCV = "opencv_python" }\n'
        'channel-priority = "flexible"\n' + TARGET
    ).conda
    assert found
    assert found.channels[0] == "conda-forge"
    assert found.channels[1].startswith("file://") and found.channels[1].endswith("/own")
    assert found.channels[2] == "https://host.example/team"
    assert [(spec.text, spec.origin.line) for spec in found.dependencies] == [
        ("python 3.13.*", 4),
        ("numpy >=2", 5),
    ]
    assert found.names == (("opencv", "opencv-python"),)
    assert found.channel_priority == "flexible"


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("", 1, "target lab is a conda environment", "add it"),
        ('[tool.provenv.conda]\ndependencies = ["numpy"]\n', 1, "names no channel", "conda-forge"),
        ('[tool.provenv.conda]\nchannel = ["x"]\n', 2, "unknown key 'channel'", "did you mean 'channels'?"),
        (
            '[tool.provenv.conda]\nchannels = ["x"]\nchannel-priority = "strickt"\n',
            3,
            "channel-priority is strict, flexible or disabled",
            "did you mean 'strict'?",
        ),
        (
            '[tool.provenv.conda]\nchannels = ["x"]\ndependencies = ["torch[gpu]"]\n',
            3,
            "'torch[gpu]' is not a conda requirement",
            "conda packages have no extras",
        ),
        ('[tool.provenv.conda]\nchannels = ["a b"]\n', 2, "'a b' names no channel", "a name"),
        (
            '[tool.provenv.conda]\nchannels = ["https://${NOT_SET_AT_ALL}@h.example/x"]\n',
            2,
            "the variable NOT_SET_AT_ALL",
            "",
        ),
        ('[tool.provenv.conda]\nchannels = ["x"]\nmap = { a = "b c" }\n', 3, "no package name", "name alone"),
    ],
)
def test_mistakes_are_told_with_their_line(
    refused: Refuse, text: str, line: int, message: str, hint: str
) -> None:
    error = refused(text + TARGET)
    assert message in error.message
    assert error.origin and error.origin.line == line
    assert hint in " ".join(error.hints)


def test_a_misspelt_packaging(refused: Refuse) -> None:
    error = refused('[tool.provenv.targets.lab]\npackaging = "cnda"\n')
    assert error.hints == ("did you mean 'conda'?",)
