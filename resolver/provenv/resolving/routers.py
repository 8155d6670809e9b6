"""The routers of a manifest's targets and builds: those that route alike share one, and its listings."""

from __future__ import annotations

from collections.abc import Callable

from provenv.hooks.types import Build
from provenv.manifest.values import Manifest, Pin
from provenv.resolving.candidates import Candidates
from provenv.resolving.catalog import Catalog
from provenv.resolving.request import Request
from provenv.resolving.routes import Route, Router
from provenv.settings import NetworkSettings
from provenv.targets import Target


class Routers:
    """Makes routers. `publishes`: as `Router` has it."""

    def __init__(
        self,
        manifest: Manifest,
        settings: NetworkSettings,
        catalog: Catalog,
        publishes: Callable[[str], tuple[str, ...]],
    ) -> None:
        self._manifest = manifest
        self._settings = settings
        self._catalog = catalog
        self._publishes = publishes
        self._known: dict[tuple[object, ...], Router] = {}

    def of(
        self, request: Request, target: Target, build: Build | None, *, from_find_links: bool = False
    ) -> Router:
        """The router for a target's request and a build; `from_find_links`: as `Router` has it."""

        def held(name: str, route: Route) -> bool:
            listing = self._catalog.listing(name, route)
            return Candidates(listing, request.rules).choose(listing.everything) is not None

        def make(from_find_links: bool) -> Router:
            return Router(
                self._manifest,
                self._settings,
                build,
                pinned=pins.__contains__,
                held=held,
                from_find_links=from_find_links,
                publishes=self._publishes,
            )

        pins = [pin for pin in self._manifest.pins if _holds(pin, request, target)]
        key: tuple[object, ...] = tuple(map(id, pins))
        if build is not None:
            key += build.name, build.index, build.packages, build.locals, build.constraints, build.needs
        router = self._known.get(key)
        if router is None:
            router = self._known[key] = make(False)
        # What find-links hold for a target is its own; without any it makes no difference.
        return make(True) if from_find_links and router.flats else router


def _holds(pin: Pin, request: Request, target: Target) -> bool:
    """Whether a pin is for a target, by its extra, its group and its marker."""
    if pin.extra is not None and pin.extra not in target.extras:
        return False
    if pin.group is not None and pin.group not in target.groups:
        return False
    return pin.marker is None or request.rules.environment.evaluate(pin.marker)
