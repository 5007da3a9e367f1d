"""Runs in an environment of its own: functions of dafab-client that write, as users call them.

Each is followed by what the client reads back.  Facts: the ids of what is made, documents in
files, and ids of what is there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dafab_client as dc
from client_telling import FACTS, stay_inside, tell
from dafab_client._rucio.dafab_lib import connection_manager

stay_inside()
ACCOUNT, PLACE = FACTS["account"], Path(FACTS["place"])
COLLECTION, ITEM, ORIGINAL = FACTS["collection"], FACTS["item"], FACTS["original"]
SOURCE, DERIVED, MADE = FACTS["source"], FACTS["derived"], FACTS["made"]
FILES = {name: PLACE / f"{name}.json" for name in FACTS["documents"]}
for name, document in FACTS["documents"].items():
    FILES[name].write_text(json.dumps(document))


def names(rows: Any) -> list[str]:
    return sorted(row["name"] for row in rows)


def parents(name: str) -> list[str]:
    return names(connection_manager().list_parent_dids(scope="dafab", name=name))


def members(name: str) -> list[str]:
    return names(connection_manager().list_content(scope="dafab", name=name))


def pair(name: str) -> dict[str, str]:
    return {"scope": "dafab", "name": name}


def document(name: str) -> Any:
    return dc.get_bulk_metadata(name)


tell("whoami", lambda: dc.whoami()["account"])
tell(
    "ensure_scope_for_account", lambda: dc.ensure_scope_for_account(ACCOUNT, "dafab", details=True)
)

# catalogues: those that the graph tells are there; others wait for a document for ever
for name in ("stac", "water_basin", "catalog_of_mine"):
    tell("ensure_catalog", lambda name=name: dc.ensure_catalog(name), how=name)
tell(
    "set_metadata",
    lambda: dc.set_metadata(object="catalog_of_mine", metadata_path=FILES["catalog"]),
    how="catalog",
)

# a collection
tell("ensure_collection", lambda: dc.ensure_collection(COLLECTION))
tell("ensure_collection", lambda: dc.ensure_collection(COLLECTION), how="again")
tell("attach_stac_members", lambda: dc.attach_stac_members(name="stac", members=[pair(COLLECTION)]))
tell("read", lambda: document(COLLECTION), how="collection before")
tell(
    "set_metadata",
    lambda: dc.set_metadata(object=COLLECTION, metadata_path=FILES["collection"], op="upsert"),
    how="collection",
)
tell("read", lambda: document(COLLECTION), how="collection")

# an item: made, attached, written whole, changed in parts
tell("ensure_item", lambda: dc.ensure_item(ITEM))
tell("ensure_item", lambda: dc.ensure_item(ITEM), how="again")
tell(
    "attach_stac_members",
    lambda: dc.attach_stac_members(name=COLLECTION, members=[pair(ITEM)]),
    how="item",
)
tell("read", lambda: members(ITEM), how="members of the item")
tell(
    "set_metadata",
    lambda: dc.set_metadata(object=ITEM, metadata_path=FILES["item"]),
    how="item",
)
tell("read", lambda: document(ITEM), how="item")
tell("read", lambda: parents(ITEM), how="parents of the item")
for op, path, value in FACTS["changes"]:
    how = f"{op} {path}"
    more = {} if op == "delete" else {"value": value}
    tell(
        "set_metadata",
        lambda op=op, path=path, more=more: dc.set_metadata(
            object=ITEM, value_path=path, op=op, **more
        ),
        how=how,
    )
tell("read", lambda: document(ITEM), how="item changed")
for mode in ("atomic", "best_effort"):
    tell(
        "set_metadata",
        lambda mode=mode: dc.set_metadata(
            object=ITEM, value_path="/properties/there", value=1, op="insert", mode=mode
        ),
        how=f"insert what is there, {mode}",
    )
    tell(
        "set_metadata",
        lambda mode=mode: dc.set_metadata(
            object=ITEM, value_path=f"/properties/by_{mode}", value=1, mode=mode
        ),
        how=mode,
    )
tell(
    "set_metadata",
    lambda: dc.set_metadata(object=ITEM, metadata_path=FILES["item"], op="update"),
    how="update the whole",
)
tell("read", lambda: document(ITEM), how="item as it was")

# a product of a scene: attached to it, taken off, attached again
tell("ensure_item", lambda: dc.ensure_item(MADE), how="product")
tell(
    "set_metadata", lambda: dc.set_metadata(object=MADE, metadata_path=FILES["made"]), how="product"
)
tell("read", lambda: parents(MADE), how="product alone")
tell(
    "attach_stac_members",
    lambda: dc.attach_stac_members(name=SOURCE, members=[pair(MADE)]),
    how="product",
)
tell("read", lambda: parents(MADE), how="product attached")
tell("get_related_item_ids_from_original_item",
     lambda: dc.get_related_item_ids_from_original_item(SOURCE))  # fmt: skip
tell(
    "detach_stac_members",
    lambda: dc.detach_stac_members(name=SOURCE, members=[pair(MADE)]),
    how="product",
)
tell("read", lambda: parents(MADE), how="product detached")
tell(
    "attach_dids_to_dids",
    lambda: connection_manager().attach_dids_to_dids(
        attachments=[{**pair(SOURCE), "dids": [pair(MADE)]}], ignore_duplicate=True
    ),
)
tell("read", lambda: parents(MADE), how="product attached again")
tell(
    "attach_stac_members",
    lambda: dc.attach_stac_members(name="water_anomaly_drought", members=[pair(MADE)]),
    how="a facet that it is not in",
)

# an original item, by the function that publishes its document
tell("ensure_item", lambda: dc.ensure_item(ORIGINAL), how="original")
for how in ("new", "again"):
    tell(
        "ensure_original_item_metadata",
        lambda: dc.ensure_original_item_metadata(ORIGINAL, FACTS["documents"]["original"]),
        how=how,
    )
tell("read", lambda: document(ORIGINAL), how="original")
tell("remove_original_item_parent_links", lambda: dc.remove_original_item_parent_links(ORIGINAL))
tell("read", lambda: document(ORIGINAL)["links"], how="links of the original")

# the extents of collections
for dry in (True, False):
    for kind in ("original", "derived"):
        sync = getattr(dc, f"sync_{kind}_collection_extent")
        tell(
            sync.__name__,
            lambda sync=sync, dry=dry: sync(full_scan=True, dry_run=dry),
            how="dry" if dry else "",
        )
for name in ("sentinel_2_l2a", "water_analysis"):
    tell("read", lambda name=name: document(name)["extent"], how=f"extent of {name}")

# taking away
tell("set_metadata", lambda: dc.set_metadata(object=ITEM, op="delete"), how="delete the whole")
tell("read", lambda: document(ITEM), how="item deleted")
tell("delete_did_tree", lambda: dc.delete_did_tree(name=ITEM), how="dry")
tell("delete_derived_item", lambda: dc.delete_derived_item(DERIVED, dry_run=True), how="dry")
tell("add_rucio_account", lambda: dc.add_rucio_account("nobody", "a@example.org"))
