"""Harvesting a STAC API: page by page into the catalogue, and on from where it stopped.

pystac-client opens the API, knows what it conforms to and writes the search.  The
pages are followed here, since a harvest must be able to begin with any of them.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NoReturn
from urllib.parse import quote, urlencode, urljoin, urlsplit

from pystac_client import Client
from pystac_client.warnings import DoesNotConformTo, PystacClientWarning

from dafab_kg.federation.pages import documents_of
from dafab_kg.federation.polite import PoliteIO, Query
from dafab_kg.federation.secrets import Address, read_address, unlogged
from dafab_kg.federation.state import State, StateFile, Wanted
from dafab_kg.ingest.report import LoadReport
from dafab_kg.loaders.registry import loaders
from dafab_kg.model.documents import Found, Refused
from dafab_kg.model.errors import DafabError, ServiceNotUsable, ThingNotFound
from dafab_kg.model.settings import Settings

Work = Found | Refused
Load = Callable[[list[Work]], LoadReport]
"""Loads what was found on one page, and has it committed when it returns."""

_SECRET_HEADERS: Final = {"authorization", "cookie", "proxy-authorization"}
PAGE_SIZE: Final = 100
"""Items asked for at once; a service may give fewer."""


@dataclass(frozen=True)
class HarvestReport:
    """How far the harvest came, and what became of the documents of this run."""

    state: State
    load: LoadReport
    resumed: bool


def harvest(
    url: str,
    directory: Path,
    load: Load,
    settings: Settings,
    *,
    bbox: tuple[float, ...] = (),
    datetime: str = "",
    collections: tuple[str, ...] = (),
    limit: int | None = None,
    page_size: int = PAGE_SIZE,
    restart: bool = False,
    patience: float = 1.0,
) -> HarvestReport:
    """Bring what an API answers to a search into the catalogue, with its Collections.

    After each page that ``load`` has committed the state is kept in ``directory``,
    so that the same call goes on where an earlier one stopped.

    Raises:
        ServiceNotUsable: it is no STAC API that can be searched, or fails for long.
        ThingNotFound: it has no such collection.
    """
    address = read_address(url)
    wanted = Wanted(address.url, bbox, datetime, collections, limit)
    file = StateFile(directory, wanted)
    before = (file.remove() if restart else file).read()
    run = _Run(address, file, load, settings, page_size, patience)
    with unlogged(address):
        state = before if before.under_way else before.begun()
        return HarvestReport(*run.through(state), resumed=before.under_way)


class _Run:
    """One run of a harvest."""

    def __init__(
        self,
        address: Address,
        file: StateFile,
        load: Load,
        settings: Settings,
        page_size: int,
        patience: float,
    ) -> None:
        self._address = address
        self._file = file
        self._load = load
        self._loaders = loaders(settings)
        self._page_size = page_size
        self._io = PoliteIO(address, max_bytes=settings.max_file_bytes, patience=patience)
        self._reports: list[LoadReport] = []

    def through(self, state: State) -> tuple[State, LoadReport]:
        """Go from ``state`` to the end, or to where Ctrl-C stops it."""
        landing, first = self._open(state.wanted)
        for step in self._steps(state, landing, first):
            state = self._file.write(step)
        if not self._interrupted:
            state = self._file.write(state.finished())
        return state, self._report()

    def _steps(self, state: State, landing: dict[str, Any], first: Query) -> Iterator[State]:
        if not state.collections_done:
            for name, origin, data in self._collections(state.wanted, landing):
                state = self._take(state, list(documents_of(name, origin, data, self._loaders)))
                if self._interrupted:
                    return
            state = replace(state, collections_done=True, next=first)
            yield state
        guard = _Guard()
        while state.next is not None:
            query, left = state.next, _left(state)
            if left == 0:
                return
            guard.ask(query)
            data, value = self._io.ask_json(query)
            features = value.get("features")
            if not isinstance(features, list):
                self._refuse("answers to a search with what is no ItemCollection")
            if not features:
                return
            guard.see(features)
            origin = self._origin(query, state.pages)
            found = list(documents_of("page.json", origin, data, self._loaders, left))
            state = self._take(state, found)
            if self._interrupted:
                return
            taken = len(features) if left is None else min(left, len(features))
            state = replace(
                state,
                next=self._following(query, value),
                pages=state.pages + 1,
                items=state.items + taken,
                matched=_matched(value) or state.matched,
            )
            yield state

    # asking

    def _open(self, wanted: Wanted) -> tuple[dict[str, Any], Query]:
        """Return the landing page, and the request of the first page."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PystacClientWarning)
            client, landing = self._landing()
            return landing, self._first(client, landing, wanted)

    def _landing(self) -> tuple[Client, dict[str, Any]]:
        try:
            client = Client.open(self._address.url, stac_io=self._io)
            return client, json.loads(self._io.last)
        except DafabError:
            raise
        except json.JSONDecodeError:
            start = self._io.last[:40].decode("utf-8", "replace").split("\n")[0]
            self._refuse(f"answers with what is no JSON: {start!r}; is it a STAC API?")
        except Exception as error:  # noqa: BLE001 (pystac fails in many ways on what is no STAC)
            self._refuse(f"is no STAC API: {type(error).__name__}: {error}")

    def _first(self, client: Client, landing: dict[str, Any], wanted: Wanted) -> Query:
        links = [link for link in _links(landing) if link.get("rel") == "search"]
        if links:
            client.add_conforms_to("ITEM_SEARCH")  # some say it by the link alone
        methods = {str(link.get("method", "GET")).upper() for link in links}
        try:
            search = client.search(
                method="POST" if "POST" in methods else "GET",
                bbox=list(wanted.bbox) or None,
                datetime=wanted.datetime or None,
                collections=list(wanted.collections) or None,
                limit=min(self._page_size, wanted.limit or self._page_size),
            )
            parameters = search.get_parameters()
        except (DoesNotConformTo, NotImplementedError):
            self._refuse(
                "offers no search of items; a static catalogue can be downloaded and loaded"
            )
        except Exception as error:  # noqa: BLE001 (pystac-client raises plain Exceptions)
            self._refuse(f"cannot be searched so: {error}")
        href = self._same_host(urljoin(self._address.url, search.url))
        if search.method == "POST":
            return Query(href, "POST", parameters)
        return Query(f"{href}?{urlencode(parameters)}")

    def _collections(
        self, wanted: Wanted, landing: dict[str, Any]
    ) -> Iterator[tuple[str, str, bytes]]:
        """Yield name, address and bytes of the Collections asked for, or of all."""
        hrefs = (str(link.get("href")) for link in _links(landing) if link.get("rel") == "data")
        found = next(hrefs, None)
        base = found or self._address.url.rstrip("/") + "/collections"
        base = self._same_host(urljoin(self._address.url, base))
        for name in wanted.collections:
            query = Query(f"{base.rstrip('/')}/{quote(name, safe='')}")
            try:
                data, _ = self._io.ask_json(query)
            except ThingNotFound:
                raise ThingNotFound(
                    f"{self._address.url} has no collection {name!r}; see {base}"
                ) from None
            yield "collection.json", query.url, data
        if wanted.collections or found is None:
            return
        guard = _Guard()
        following: Query | None = Query(base)
        while following is not None:
            query = following
            guard.ask(query)
            data, value = self._io.ask_json(query)
            if not value.get("collections"):
                return
            guard.see(value["collections"])
            yield "collections.json", self._address.without_secrets(query.url), data
            following = self._following(query, value)

    def _following(self, query: Query, value: dict[str, Any]) -> Query | None:
        """Return the request of the next page (STAC API, Item Search, "Paging")."""
        link = next((one for one in _links(value) if one.get("rel") == "next"), None)
        if link is None or not isinstance(link.get("href"), str):
            return None
        url = self._same_host(urljoin(query.url, link["href"]))
        method = str(link.get("method", "GET")).upper()
        told = link.get("headers")
        headers = {
            str(name): str(one)
            for name, one in (told.items() if isinstance(told, dict) else ())
            if str(name).lower() not in _SECRET_HEADERS
        }
        if method != "POST":
            return Query(url, headers=headers)
        body = link.get("body")
        own = body if isinstance(body, dict) else {}
        return Query(
            url, "POST", {**(query.body or {}), **own} if link.get("merge") else own, headers
        )

    def _same_host(self, url: str) -> str:
        """Return a link of the API without secrets; one that leads elsewhere is not followed."""
        parts, home = urlsplit(url), urlsplit(self._address.url)
        if parts.scheme not in {"http", "https"} or parts.hostname != home.hostname:
            self._refuse(f"leads to {parts.scheme}://{parts.hostname or ''}, another place")
        return self._address.without_secrets(url)

    def _refuse(self, what: str) -> NoReturn:
        raise ServiceNotUsable(f"{self._address.url} {self._address.redact(what)}") from None

    # loading

    def _take(self, state: State, found: list[Work]) -> State:
        report = self._load(found)
        self._reports.append(report)
        counts = Counter(state.counts)
        counts.update(report.counts)
        return replace(state, counts=dict(counts))

    @property
    def _interrupted(self) -> bool:
        return bool(self._reports) and self._reports[-1].interrupted

    def _report(self) -> LoadReport:
        outcomes = tuple(outcome for report in self._reports for outcome in report.outcomes)
        seconds = sum(report.seconds for report in self._reports)
        return LoadReport(outcomes, seconds, self._interrupted)

    def _origin(self, query: Query, page: int) -> str:
        url = self._address.redact(query.url)
        return f"{url}?page={page + 1}" if query.method == "POST" else url


class _Guard:
    """Sees to it that pages come to an end."""

    def __init__(self) -> None:
        self._asked: set[str] = set()
        self._seen: set[str] = set()

    def ask(self, query: Query) -> None:
        """Refuse to ask the same again."""
        text = json.dumps([query.method, query.url, query.body], sort_keys=True)
        self._add(self._asked, text, "the link to the next page leads to a page that was read")

    def see(self, things: list[Any]) -> None:
        """Refuse a page that holds just what another held."""
        ids = [thing.get("id") if isinstance(thing, dict) else thing for thing in things]
        text = json.dumps(
            [
                [t.get("collection"), i] if isinstance(t, dict) else i
                for t, i in zip(things, ids, strict=True)
            ],
            default=str,
        )
        self._add(self._seen, text, "the next page holds what an earlier page held")

    @staticmethod
    def _add(known: set[str], text: str, why: str) -> None:
        digest = hashlib.sha256(text.encode()).hexdigest()
        if digest in known:
            raise ServiceNotUsable(
                f"The pages do not come to an end: {why}. What was read before is stored; "
                "tell the service's operator"
            )
        known.add(digest)


def _left(state: State) -> int | None:
    limit = state.wanted.limit
    return None if limit is None else max(0, limit - state.items)


def _matched(value: dict[str, Any]) -> int | None:
    context = value.get("context")
    told = value.get("numberMatched", context.get("matched") if isinstance(context, dict) else None)
    return told if isinstance(told, int) and not isinstance(told, bool) else None


def _links(value: dict[str, Any]) -> list[dict[str, Any]]:
    links = value.get("links")
    return [one for one in links if isinstance(one, dict)] if isinstance(links, list) else []
