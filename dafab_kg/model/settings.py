"""Settings: ``DAFAB_*`` variables over ``dafab.toml`` over defaults.

There is no global instance: the command line, or whoever embeds the catalogue,
makes one and hands it on.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from dafab_kg.model.names import DEFAULT_BASE, Names

MIB = 1024 * 1024


class Settings(BaseSettings):
    """What can be set, each with its default; variable names are ``DAFAB_`` + the name."""

    model_config = SettingsConfigDict(
        env_prefix="DAFAB_", toml_file="dafab.toml", frozen=True, extra="ignore"
    )

    store: Path = Field(default=Path("dafab-store"), description="Directory of the catalogue.")
    base: str = Field(default=DEFAULT_BASE, description="Base of the IRIs of things.")
    agent: str = Field(default="", description="Who loads, for provenance; nothing is guessed.")
    batch_documents: int = Field(default=500, ge=1, description="Documents committed together.")
    batch_bytes: int = Field(
        default=16 * MIB,
        ge=1,
        description="Bytes of documents and N-Quads after which a batch is committed.",
    )
    max_file_bytes: int = Field(
        default=512 * MIB, ge=1, description="Largest single file that is read."
    )
    max_archive_bytes: int = Field(
        default=2048 * MIB,
        ge=1,
        description="Largest sum of unpacked members read from an archive.",
    )
    max_archive_members: int = Field(
        default=100_000, ge=1, description="Most members of an archive."
    )
    max_depth: int = Field(default=200, ge=1, description="Deepest nesting of JSON or XML.")
    load_as: str = Field(
        default="",
        description="Kind of what is loaded, where the content does not tell (--as).",
    )
    season: str = Field(
        default="", description="Growing season of parcels whose file tells none (--season)."
    )
    dataset: str = Field(
        default="", description="Name of the data set that is loaded (--dataset); else the file's."
    )
    source_ranking: tuple[str, ...] = Field(
        default=(
            "sentinel2",
            "sentinel1",
            "raster",
            "catalogue:*copernicus.eu/*",
            "stac:*copernicus.eu/*",
            "catalogue:odata*",
            "catalogue:resto*",
            "catalogue:dhus*",
            "catalogue:atom*",
            "catalogue:iso*",
            "dafab",
            "stac",
        ),
        description="Whose value holds where documents differ, first the highest: kinds of "
        "documents, or kind:key with * for anything; all others come last.",
    )
    reasoning: bool = Field(
        default=True, description="Infer what follows by the ontology with each commit."
    )
    index: bool = Field(
        default=True, description="Keep a search index beside the graph, in step with it."
    )
    rewriting: bool = Field(
        default=True, description="Look up in the search index what a query asks for."
    )
    graph_url: str = Field(
        default="",
        description="Address of a SPARQL 1.1 endpoint whose server holds the graph; empty: the "
        "graph is in the store's directory.",
    )
    graph_update_url: str = Field(
        default="", description="Where that server takes updates; empty: at graph_url."
    )
    graph_store_url: str = Field(
        default="",
        description="Where that server speaks the Graph Store Protocol, by which large graphs "
        "are sent; empty: all are sent as updates.",
    )
    graph_default: str = Field(
        default="",
        description="IRI of the graph of that server that holds the merge of all documents; "
        "empty: `merged` below the base.",
    )
    graph_ignored: tuple[str, ...] = Field(
        default=(),
        description="Beginnings of the names of graphs of that server that are not the "
        "catalogue's; those that were there when the catalogue was made are known.",
    )
    graph_login: Path | None = Field(
        default=None,
        description="File with the login to that server: user:password, or a token.",
    )
    graph_auth: Literal["basic", "digest", "bearer"] = Field(
        default="basic", description="How that login is sent."
    )
    graph_seconds: float = Field(
        default=120.0, gt=0, le=3600, description="Seconds that server may be silent."
    )
    graph_statements: int = Field(
        default=500_000,
        ge=1_000,
        description="Most statements that are fetched from that server to answer one query.",
    )
    json_ld_contexts: dict[str, Path] = Field(
        default_factory=dict,
        description="Allow-list of JSON-LD contexts: URL to local file.",
    )
    host: str = Field(default="127.0.0.1", description="Address that `serve` binds to.")
    port: int = Field(
        default=8642, ge=0, le=65535, description="Port that `serve` binds to; 0: any free."
    )
    query_rows: int = Field(
        default=1_000_000, ge=1, description="Most rows of one answer over HTTP."
    )
    answer_bytes: int = Field(
        default=512 * MIB, ge=1, description="Most bytes of one answer over HTTP."
    )
    workers: int = Field(
        default=0, ge=0, le=256, description="Processes that answer queries; 0: one per core."
    )
    query_seconds: float = Field(
        default=30.0, gt=0, description="Seconds after which a query is ended."
    )
    worker_memory: int = Field(
        default=2048 * MIB, ge=256 * MIB, description="Most bytes of memory of a query worker."
    )
    queue: int = Field(
        default=128, ge=1, description="Most requests that wait for a query worker or the writer."
    )
    queue_seconds: float = Field(
        default=30.0, gt=0, description="Seconds after which a request that waits is refused."
    )
    http_processes: int = Field(
        default=0, ge=0, le=64, description="Processes that speak HTTP; 0: one per core."
    )
    http_threads: int = Field(
        default=128, ge=1, description="Requests that one of these handles at a time."
    )

    tiles_url: str = Field(
        default="",
        description="Address of a tile server for the maps of the pages, with {z}, {x} and {y}; "
        "empty: the outlines of countries that come with the package.",
    )
    tiles_attribution: str = Field(
        default="", description="What these tiles ask to be written below the maps."
    )
    read_closed: bool = Field(
        default=False, description="Also reading needs a token, with the scope read."
    )
    metrics_closed: bool = Field(
        default=False, description="/metrics needs a token with the scope admin."
    )
    log_requests: bool = Field(
        default=True, description="`serve` writes a line of JSON for each request to its log."
    )
    write_bytes: int = Field(
        default=32 * MIB, ge=1, description="Longest body of a graph that is written over HTTP."
    )
    rate_per_second: float = Field(
        default=0.0,
        ge=0,
        description="Requests a second of one client; 0: no limit. Not for this machine itself.",
    )
    rate_burst: int = Field(
        default=200, ge=1, description="Requests that one client may send at once."
    )
    proxies: int = Field(
        default=0,
        ge=0,
        le=8,
        description="Proxies in front of the server whose X-Forwarded-For and -Proto are believed.",
    )
    load_allowed: tuple[str, ...] = Field(
        default=(),
        description="Addresses that SPARQL LOAD may fetch: each allows what begins with it, "
        "as https://data.example/rdf/; none: LOAD is refused.",
    )

    service_allowed: tuple[str, ...] = Field(
        default=(),
        description="Endpoints that SPARQL SERVICE may call, each by its whole IRI; none: "
        "SERVICE is refused.",
    )

    service_seconds: float = Field(
        default=20.0,
        gt=0,
        le=600,
        description="Seconds after which a request that SERVICE makes is given up.",
    )

    did_scope: str = Field(
        default="dafab",
        pattern=r"^[a-zA-Z0-9._-]{1,25}$",
        description="Scope of the data identifiers (DIDs) by which the DaFab client knows items.",
    )
    did_scopes: dict[str, str] = Field(
        default_factory=dict,
        description="Collections whose DIDs are in a scope of their own: id to scope.",
    )
    did_vo: str = Field(
        default="def",
        pattern=r"^[a-zA-Z0-9]{1,3}$",
        description="Virtual organisation of a Rucio whose metadata plugin asks here.",
    )
    guest: str = Field(
        default="guest",
        description="Account of the DaFab client that reads without a token; empty: none.",
    )

    rucio_url: str = Field(
        default="",
        description="Address of a Rucio that this server stands in front of at /rucio, as "
        "https://rucio.example:443; empty: none.",
    )
    rucio_seconds: float = Field(
        default=60.0,
        gt=0,
        le=600,
        description="Seconds after which that Rucio counts as down: without an answer, or the "
        "next piece of one.",
    )
    rucio_writers: tuple[str, ...] = Field(
        default=(), description="Accounts of that Rucio that may write into the graph."
    )

    rucio_config: Path | None = Field(
        default=None,
        description="File rucio.cfg by which that Rucio is spoken to whose DIDs and replicas are "
        "the graph's; else RUCIO_CONFIG, or where Rucio's client looks.",
    )

    rucio_layout: Literal["container", "dataset"] = Field(
        default="container",
        description="How items are published to Rucio: as a container with the data set of its "
        "assets, in the whole tree (DaFab's client), or as a data set of its assets in the "
        "container of its collection.",
    )
    rucio_metadata: Literal["none", "all"] = Field(
        default="none",
        description="Which properties of items are published as Rucio's metadata; where our "
        "plugin answers there out of the graph, none need be.",
    )
    rucio_rses: Annotated[dict[str, str], NoDecode] = Field(
        default_factory=dict,
        description="Where published files lie: how their addresses begin to the name of a "
        "storage element that is not deterministic, as {'https://eodata.example/': 'CDSE'}; "
        "other files are not made in Rucio.",
    )
    rucio_tries: int = Field(
        default=5, ge=1, le=100, description="Times that what Rucio refuses is tried in all."
    )
    rucio_expire_days: float | None = Field(
        default=None,
        ge=0,
        description="Days after which Rucio may delete the containers and data sets of what is "
        "published no more; none: they stay, detached. Their rules end with them.",
    )

    rucio_replica_age: float = Field(
        default=600.0,
        ge=0,
        description="Seconds for which an answer of Rucio where a file lies serves again; older "
        "ones serve only while Rucio does not answer, and it is said.",
    )
    download_roots: tuple[Path, ...] = Field(
        default=(),
        description="Directories of this machine out of which `dafab-kg files --get` may copy "
        "files whose addresses begin with file:.",
    )
    download_bytes: int = Field(
        default=1 << 40,
        gt=0,
        description="Longest file in bytes that is fetched where nobody told its size.",
    )

    @field_validator("graph_url", "graph_update_url", "graph_store_url")
    @classmethod
    def _graph_url_is_an_address(cls, value: str) -> str:
        if value and not _is_address(value):
            raise ValueError(
                "it is an address as http://127.0.0.1:8890/sparql, without user, password or "
                "query: the login stands in a file of its own (graph_login)"
            )
        return value

    @field_validator("graph_default")
    @classmethod
    def _graph_default_is_iri(cls, value: str) -> str:
        if value and not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]+", value):
            raise ValueError("it is the absolute IRI of a graph")
        return value

    @field_validator("rucio_url")
    @classmethod
    def _rucio_url_is_an_address(cls, value: str) -> str:
        if value and not _is_address(value):
            raise ValueError(
                "it is an address as https://rucio.example:443, without user, password or query"
            )
        return value

    @field_validator("rucio_rses", mode="before")
    @classmethod
    def _rucio_rses_are_pairs(cls, value: Any) -> Any:
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                value = None
        right = isinstance(value, dict) and all(
            isinstance(part, str) and part for pair in value.items() for part in pair
        )
        if not right:
            raise ValueError(
                "it is an object of JSON, of how addresses begin to the name of a storage "
                'element, as {"https://eodata.example/": "CDSE"}'
            )
        return value

    @field_validator("season")
    @classmethod
    def _season_begins_with_a_year(cls, value: str) -> str:
        if value and not re.fullmatch(r"(19|20)\d\d([-/ ][\w /-]{1,30})?", value):
            raise ValueError("a season is a year, or begins with one: 2024, 2024-summer, 2023/2024")
        return value

    @field_validator("base")
    @classmethod
    def _base_is_iri(cls, value: str) -> str:
        return Names(value).base

    @property
    def names(self) -> Names:
        """IRIs below :attr:`base`."""
        return Names(self.base)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order of the sources: arguments, environment, ``dafab.toml``."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def _is_address(value: str) -> bool:
    """Tell whether this is an address of the web without user, query and fragment."""
    try:
        parts = urlsplit(value)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return right and "@" not in parts.netloc and not parts.query and not parts.fragment
