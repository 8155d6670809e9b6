"""The bundled demo: where its package lies, in an installed provenv and in a checkout of the repository."""

from __future__ import annotations

from pathlib import Path

from provenv.errors import InstallError

PACKAGE = "demo"


def demo_folder() -> Path:
    """The folder that must be on a Python's path for `python -m demo`. Raises InstallError without it."""
    installed = Path(__file__).parent
    checkout = Path(__file__).parents[3] / "demo_project"
    for folder in (installed, checkout):
        if (folder / PACKAGE / "__main__.py").is_file():
            return folder
    raise InstallError(
        "this provenv comes without its demo",
        evidence=[f"neither {installed / PACKAGE} nor {checkout / PACKAGE} is there"],
        hints=["install provenv anew"],
    )
