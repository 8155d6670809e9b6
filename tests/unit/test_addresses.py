"""Nothing that is shown holds a secret."""

from __future__ import annotations

import pytest

from provenv.addresses import redact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://u:p@h.example/simple", "https://***@h.example/simple"),
        ("https://token@h.example/simple", "https://***@h.example/simple"),
        ("https://u:p@ss@h.example/", "https://***@h.example/"),
        ("say https://h.example/simple?", "say https://h.example/simple?"),
        (
            "a https://u:p@h.example b https://v:q@i.example",
            "a https://***@h.example b https://***@i.example",
        ),
        ("git+https://u:p@h.example/r@v1", "git+https://***@h.example/r@v1"),
        ("git+ssh://git@h.example/r@v1", "git+ssh://git@h.example/r@v1"),
        ("https://${USER}:${TOKEN}@h.example/", "https://${USER}:${TOKEN}@h.example/"),
        ("https://h.example/a@b", "https://h.example/a@b"),
        ("https://h.example/a?token=abc&x=1#sha", "https://h.example/a?…#sha"),
        ("https://h.example/a?X-Amz-Signature=abc", "https://h.example/a?…"),
        ("numpy>=2", "numpy>=2"),
    ],
)
def test_credentials_are_taken_out_of_every_address(text: str, shown: str) -> None:
    assert redact(text) == shown
