"""Conda packages between rattler's records and provenv's own values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from provenv.conda.channels import Channel, canonical, fetched_from
from provenv.errors import IndexAnswerError
from provenv.resolution import CondaPackage

if TYPE_CHECKING:
    from rattler import RepoDataRecord


def package_of(record: str, channels: Sequence[Channel]) -> CondaPackage:
    """A record (rattler's JSON) as a value that a lock can hold: canonical addresses, no secrets.

    Raises IndexAnswerError for a record without the hash that conda's own lock format needs.
    """
    found = json.loads(record)
    url = canonical(str(found["url"]), channels)
    md5, sha256 = _text(found, "md5"), _text(found, "sha256")
    if md5 is None:
        raise IndexAnswerError(
            f"{found['fn']} has no md5 in its channel's repodata, and a conda lock needs one",
            evidence=[url],
            hints=["index the channel anew: `rattler-index` and `conda index` write both hashes"],
        )
    size = found.get("size")
    return CondaPackage(
        name=str(found["name"]),
        version=str(found["version"]),
        build=str(found["build"]),
        build_number=int(found["build_number"]),
        subdir=str(found["subdir"]),
        channel=_channel(url, str(found["subdir"])),
        url=url,
        md5=md5,
        sha256=sha256,
        size=size if isinstance(size, int) else None,
        depends=tuple(map(str, found.get("depends", ()))),
        noarch=_text(found, "noarch"),
        purls=None if found.get("purls") is None else tuple(map(str, found["purls"])),
        site_packages=_text(found, "python_site_packages_path"),
        asks=_asks((*found.get("depends", ()), *found.get("constrains", ()))),
    )


def _asks(specs: Iterable[object]) -> tuple[str, ...]:
    """Those that are about virtual packages, in one spelling."""
    return tuple(sorted({" ".join(str(spec).split()) for spec in specs if str(spec).startswith("__")}))


def _text(found: Mapping[str, object], key: str) -> str | None:
    value = found.get(key)
    return value if isinstance(value, str) and value else None


def _channel(url: str, subdir: str) -> str:
    """`https://host/channel/linux-64/file.conda` -> `https://host/channel`."""
    folder = url.rpartition("/")[0]
    return folder.removesuffix(f"/{subdir}")


def _noarch(package: CondaPackage) -> Literal["python", "generic"] | None:
    if package.noarch == "python":
        return "python"
    return "generic" if package.noarch == "generic" else None


def record_of(package: CondaPackage, channels: Sequence[Channel] = ()) -> RepoDataRecord:
    """A locked package as rattler installs it, fetched from where this machine gets it."""
    from rattler import BuildString, PackageRecord, RepoDataRecord

    described = PackageRecord(
        name=package.name,
        version=package.version,
        build=BuildString(package.build),
        build_number=package.build_number,
        subdir=package.subdir,
        noarch=_noarch(package),
        depends=list(package.depends),
        md5=bytes.fromhex(package.md5),
        sha256=bytes.fromhex(package.sha256) if package.sha256 else None,
        size=package.size,
        python_site_packages_path=package.site_packages,
    )
    url = fetched_from(package.url, channels)
    return RepoDataRecord(described, package.filename, url, package.channel)
