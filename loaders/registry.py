"""Which loaders there are, and which of them takes what.

Loaders are found by the entry point group ``dafab_kg.loaders``.  Ours come
first, from the most particular to the most general; those of third parties
follow in the order of their names.

Discovery has two stages.  Loaders that make one document of several files see
the whole tree first (:func:`plan`); each file they leave is then shown alone to
the others, until one takes it (:func:`examine`).  The second stage needs one
entry only, so it can run in worker processes.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from dafab_kg.model.documents import Entry, Found, Loader, Refused, Tree
from dafab_kg.model.errors import DocumentRejected, ThingNotFound, TooLarge
from dafab_kg.model.settings import Settings

GROUP: Final = "dafab_kg.loaders"
OURS: Final = (
    "sentinel2",
    "sentinel1",
    "dafab",
    "raster",
    "parcels",
    "decisions",
    "rucio",
    "events",
    "findings",
    "places",
    "catalogue",
    "stac",
    "knowledge",
    "derivation",
    "rdf",
)
"""From the most particular to the most general: DaFab's own items and disaster events are STAC
Items, answers of catalogues may be, and JSON-LD may be any of them."""


@dataclass(frozen=True)
class Unclaimed:
    """An entry that no loader takes."""

    entry: Entry


def loaders(settings: Settings | None = None) -> tuple[Loader, ...]:
    """Return one of each loader: ours in fixed order, then third parties' by name.

    A loader whose constructor has an argument ``base``, ``contexts``, ``max_depth``,
    ``season``, ``dataset`` or ``max_file_bytes`` is given that setting, and one with an
    argument ``assume`` the kind that the user says the files are of (``--as``, else empty);
    without ``settings`` it is made without arguments.  A third
    party's loader that cannot be used is warned of and left out.
    """
    ours: dict[str, Loader] = {}
    theirs: list[Loader] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        if point.name in OURS and point.value.startswith("dafab_kg."):
            ours[point.name] = _make(point, settings)
            continue
        loader = _make_foreign(point, settings)
        if loader is not None and _is_new(loader, theirs):
            theirs.append(loader)
    return (*(ours[name] for name in OURS if name in ours), *theirs)


def loader(kind: str, settings: Settings | None = None) -> Loader:
    """Return the loader that reads documents of ``kind``.

    Raises:
        ThingNotFound: no installed loader is called so.
    """
    present = loaders(settings)
    for candidate in present:
        if candidate.name == kind:
            return candidate
    names = ", ".join(candidate.name for candidate in present)
    raise ThingNotFound(
        f"There is no loader {kind!r}, only {names}; install the package that brings it"
    )


def _make(point: EntryPoint, settings: Settings | None) -> Loader:
    maker = point.load()
    if settings is None:
        return maker()  # type: ignore[no-any-return]
    offered = {
        "base": settings.base,
        "contexts": settings.json_ld_contexts,
        "max_depth": settings.max_depth,
        "assume": settings.load_as,
        "season": settings.season,
        "dataset": settings.dataset,
        "max_file_bytes": settings.max_file_bytes,
    }
    wanted = inspect.signature(maker).parameters
    return maker(**{name: value for name, value in offered.items() if name in wanted})  # type: ignore[no-any-return]


def _make_foreign(point: EntryPoint, settings: Settings | None) -> Loader | None:
    package = point.dist.name if point.dist else point.value
    try:
        made = _make(point, settings)
    except Exception as error:  # noqa: BLE001 (another's code may fail in any way)
        _warn(f"Loader {point.name!r} of {package} is left out: {type(error).__name__}: {error}")
        return None
    missing = [
        name
        for name in ("name", "version", "groups_files", "find", "read")
        if not hasattr(made, name)
    ]
    if missing:
        _warn(f"Loader {point.name!r} of {package} is left out: it has no {', '.join(missing)}")
        return None
    return made


def _is_new(made: Loader, theirs: list[Loader]) -> bool:
    if made.name in OURS or any(made.name == other.name for other in theirs):
        _warn(f"A second loader called {made.name!r} is left out; it must have a name of its own")
        return False
    return True


def _warn(message: str) -> None:
    warnings.warn(message, RuntimeWarning, stacklevel=4)


def discover(tree: Tree, loaders: Sequence[Loader]) -> Iterator[Found | Refused | Unclaimed]:
    """Find all documents of ``tree``: :func:`plan`, then :func:`examine` on what is left."""
    for item in plan(tree, loaders):
        if isinstance(item, Entry):
            yield from examine(item, loaders)
        else:
            yield item


def plan(tree: Tree, loaders: Sequence[Loader]) -> Iterator[Found | Refused | Entry]:
    """Let the loaders that group files take theirs, then give each entry that is left."""
    left = tree
    for candidate in loaders:
        if not candidate.groups_files:
            continue
        taken: set[str] = set()
        for item in _find(candidate, left):
            taken.update(entry.origin for entry in item.entries)
            yield item
        if taken:
            left = Tree(tree.origin, tuple(e for e in left.entries if e.origin not in taken))
    yield from left.entries


def examine(entry: Entry, loaders: Sequence[Loader]) -> list[Found | Refused | Unclaimed]:
    """Show one entry to the loaders that look at files alone; the first to take it has it."""
    alone = Tree(entry.origin, (entry,))
    for candidate in loaders:
        if candidate.groups_files:
            continue
        found = list(_find(candidate, alone))
        if found:
            return list(found)
    return [Unclaimed(entry)]


def _find(candidate: Loader, tree: Tree) -> Iterator[Found | Refused]:
    """Run a loader's ``find`` so that nothing it raises stops the batch.

    The fault of a loader that was given a whole tree takes no entry away: it
    cannot be known which one it is about, and other loaders may read them.
    """
    about = tree.entries if not candidate.groups_files else ()
    try:
        yield from candidate.find(tree)
    except DocumentRejected as error:
        yield Refused(error, about)
    except (MemoryError, RecursionError) as error:
        yield Refused(
            TooLarge(
                f"The {candidate.name} loader could not hold it ({type(error).__name__})",
                where=tree.origin,
                remedy="Split the document",
            ),
            about,
        )
    except Exception as error:  # noqa: BLE001 (a fault of a loader must not stop a batch)
        yield Refused(
            DocumentRejected(
                f"The {candidate.name} loader failed: {type(error).__name__}: {error}",
                where=tree.origin,
                remedy=f"Report it to the maker of the {candidate.name} loader",
            ),
            about,
        )
