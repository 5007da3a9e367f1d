"""Which methods of a catalogue may be called in which process."""

from __future__ import annotations

from typing import Final

from dafab_kg.catalogue.items import REQUESTS

READS: Final = frozenset(
    {
        "aggregate",
        "catalog",
        "catalogs",
        "check",
        "collection",
        "collection_with_tag",
        "collections",
        "did",
        "did_documents",
        "did_files",
        "did_members",
        "did_metadata",
        "did_parents",
        "did_states",
        "disagreements",
        "document",
        "documents",
        "evidence",
        "explain",
        "explain_query",
        "facets",
        "find_did_documents",
        "find_did_names",
        "find_dids",
        "ids_of_cut_names",
        "in_quarantine",
        "unknown_did_keys",
        "find_items",
        "find_things",
        "index_status",
        "item",
        "item_with_tag",
        "judge",
        "load_report",
        "load_reports",
        "occurring",
        "original",
        "original_file",
        "origin",
        "pictures",
        "provenance",
        "quarantine",
        "quarantined",
        "show",
        "stats",
        "values_page",
        "view",
        "why",
    }
)
"""Done by a query worker from its snapshot, under the deadline."""

LONG: Final = frozenset(
    {"derive", "doctor", "dump", "enrich", "harvest", "load", "reason", "rederive", "restore"}
    | {"harvest_rucio", "rebuild_index", "retry"}
)
"""Done by the writer; short writes may be done between the batches of these."""

TOGETHER: Final = frozenset(REQUESTS)
"""Short writes of which several that wait can be done in one commit."""

SHORT: Final = frozenset(
    {"decide", "delete", "undo_decision", "update", "put_graph", "delete_graph", "set_private"}
    | {"discard"}
    | {"private_documents", "write_groups", "create_did", "change_dids"}
    | TOGETHER
)
"""Done by the writer, at most a commit or two."""

WRITES: Final = LONG | SHORT

COMMITTING: Final = frozenset(
    {"decide", "delete", "derive", "enrich", "harvest", "harvest_rucio", "load", "undo_decision"}
    | {"discard", "update", "put_graph", "delete_graph", "set_private", "write_groups"}
    | TOGETHER
)
"""All that these change is changed by commits, after each of which the writer is told."""

UNCHANGING: Final = frozenset({"doctor", "dump", "private_documents", "create_did", "change_dids"})
"""Done by the writer, as nobody may change anything meanwhile; there is nothing to publish."""
