"""The direct references of one search: each a name's one candidate, checked against the target."""

from __future__ import annotations

from provenv.errors import InputError, NoSolution, Origin, ProvenvError
from provenv.manifest.values import ManifestRequirement
from provenv.resolving.files import Files
from provenv.resolving.nodes import DirectNeeded
from provenv.resolving.request import Request
from provenv.standards.requirements import Requirement
from provenv.values import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from provenv.pypi.direct import DirectCandidate


class Directs:
    """What is taken from an address and not from an index.

    `candidates`: canonical name -> its one candidate; `addresses`: name -> where it lies, as it may be shown;
    `refused`: an address as its asker wrote it -> why no package may be taken from there.

    What the manifest names is taken for good, and so is what the request says is given. What another package
    asks for is an attempt: when it leads to no solution, or nobody of the solution asks for it, `drop` takes
    it back.
    """

    def __init__(self, files: Files, request: Request) -> None:
        self.candidates: dict[str, DirectCandidate] = {}
        self.addresses: dict[str, str] = {}
        self.refused: dict[str, str] = {}
        self._files = files
        self._request = request
        self._attempts: dict[str, str] = {}
        for name, candidate in request.given.items():
            self.candidates[name] = candidate
            self.addresses[name] = candidate.direct.url

    def named(self, root: ManifestRequirement) -> ManifestRequirement:
        """A requirement of the manifest whose name is known: a direct reference says its name itself."""
        if root.requirement.url is None or self._replaced(root.requirement.name):
            return root
        candidate = self._files.direct(root, self._request.rules.python)
        if not self._replaced(candidate.name):
            self._take(candidate, root.requirement.url, root.origin)
        return replace(root, requirement=replace(root.requirement, name=candidate.name))

    def take(self, needed: DirectNeeded) -> None:
        """Takes what a package, an override or a constraint proved to need."""
        requirement = needed.requirement
        own = [r for r in self._own(requirement.name) if r.requirement.url]
        if any(r.requirement.url == requirement.url for r in own):
            for one in own:
                candidate = self._files.direct(one, self._request.rules.python)
                self._take(candidate, one.requirement.url or "", one.origin)
        else:
            self._attempt(requirement, needed)

    def drop(self, name: str | None = None) -> bool:
        """Takes an attempt back (None: the last one) and refuses its address; False: there is none."""
        name = name or next(reversed(self._attempts), None)
        if name is None:
            return False
        url = self._attempts.pop(name)
        del self.candidates[name], self.addresses[name]
        self.refused[url] = f"needs {name} from {self._files.place(url)}, which leads to no solution"
        return True

    def place(self, url: str) -> str:
        """An address as `addresses` has it. Raises InputError."""
        return self._files.place(url)

    def attempts(self) -> frozenset[str]:
        """The names that are taken from an address because another package asks for it."""
        return frozenset(self._attempts)

    def _replaced(self, name: str) -> bool:
        return name in self._request.overrides or name in self._request.excluded

    def _own(self, name: str) -> tuple[ManifestRequirement, ...]:
        return (*self._request.overrides.get(name, ()), *self._request.placed.get(name, ()))

    def _take(self, candidate: DirectCandidate, url: str, origin: Origin | None) -> None:
        name, place = candidate.name, self._files.place(url)
        others = {self._files.place(r.requirement.url or "") for r in self._request.placed.get(name, ())}
        others.add(self.addresses.get(name, place))
        others.discard(place)
        if others:
            raise InputError(
                f"{name} is asked for at two addresses",
                evidence=[*sorted(others), place],
                hints=["keep one of them, or settle it with an override"],
                origin=origin,
            )
        self.candidates[name] = candidate
        self.addresses[name] = place

    def _attempt(self, requirement: Requirement, needed: DirectNeeded) -> None:
        url, name = requirement.url or "", requirement.name
        # Consent to build reaches as far as the manifest's own references do: a folder's sibling is one.
        trusted = needed.asker in self.candidates and needed.asker not in self._attempts
        asked = ManifestRequirement(requirement, str(requirement), Origin(needed.by))
        try:
            if not (trusted or self._request.rules.builds(name) or self._files.is_wheel(url)):
                self.refused[url] = f"needs {name} built from source, from {self._files.place(url)}"
                return
            candidate = self._files.direct(asked, self._request.rules.python)
        except (InputError, NoSolution) as error:
            # a mistake in somebody else's metadata: another version of theirs may do without it
            self.refused[url] = f"needs {name} from an address that can't be used: {_said(error)}"
            return
        self._take(candidate, url, None)
        if not trusted:
            self._attempts[candidate.name] = url


def _said(error: ProvenvError) -> str:
    return "; ".join((error.message, *error.evidence))
